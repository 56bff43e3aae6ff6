import { addTasksLocked, appendLocked } from '../cases/index.ts'
import { appendAudits } from '../store/index.ts'
import type { Round } from './round.ts'
import { writeArtifact } from './write-artifact.ts'
import { writeCalls } from './write-calls.ts'
import { writeEffects } from './write-effects.ts'
import { writeQuestions } from './write-questions.ts'
import { type RunState, writeRuns } from './write-runs.ts'
import { writeSteps } from './write-steps.ts'
import { writeTurns } from './write-turns.ts'
import { writeVoided } from './write-voided.ts'
import { writeWaits } from './write-waits.ts'

/**
 * Writes what a round has collected, and forgets it: the chain and the incidents are held. Nobody waits for a statement before the next,
 * nor the next round for the disk; the calls of this one do.
 */
export async function writeRound(round: Round): Promise<void> {
  const { tx, at, writes } = round
  tx.freeBeforeFlush()
  writeTurns(tx, writes.turns)
  writeSteps(tx, writes.steps)
  writeEffects(tx, writes.intents, writes.effects)
  writeCalls(tx, writes.calls, writes.callEnds)
  void writeQuestions(tx, writes.questions)
  writeVoided(tx, at, [...writes.voided])
  writeWaits(tx, writes.waits)
  // After questions and waits: those of a run that is over are over.
  writeRuns(tx, at, changed(round))
  void addTasksLocked(tx, writes.tasks)
  void appendLocked(tx, writes.timeline)
  round.head = await appendAudits(tx, writes.audit, round.head)
  await Promise.all([...writes.artifacts.values()].map(writeArtifact))
  for (const rows of Object.values(writes) as readonly (unknown[] | Map<unknown, unknown> | Set<unknown>)[]) {
    if (Array.isArray(rows)) rows.length = 0
    else rows.clear()
  }
}

/** Runs that stand otherwise than on record: most turns leave a run that waits as it was. */
function changed({ runs, writes }: Round): ReadonlyMap<string, RunState> {
  const isNews = (id: string, { status, wakeAt, ended }: RunState) => {
    const stored = runs.get(id)?.stored
    return ended !== null || status !== stored?.status || wakeAt !== stored.wakeAt
  }
  return new Map([...writes.runs].filter(([id, state]) => isNews(id, state)))
}
