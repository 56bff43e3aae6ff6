import { addTasksLocked, appendLocked } from '../cases/index.ts'
import { appendAudits } from '../store/index.ts'
import type { Round } from './round.ts'
import { writeArtifact } from './write-artifact.ts'
import { writeCalls } from './write-calls.ts'
import { writeEffects } from './write-effects.ts'
import { writeQuestions } from './write-questions.ts'
import { writeRuns } from './write-runs.ts'
import { writeSteps } from './write-steps.ts'
import { writeTurns } from './write-turns.ts'
import { writeVoided } from './write-voided.ts'
import { writeWaits } from './write-waits.ts'

/** Writes what a round has collected, and forgets it: the chain and the incidents are held. Nobody waits for a statement before the next. */
export async function writeRound(round: Round): Promise<void> {
  const { tx, at, writes } = round
  writeTurns(tx, writes.turns)
  writeSteps(tx, writes.steps)
  writeEffects(tx, writes.intents, writes.effects)
  writeCalls(tx, writes.calls, writes.callEnds)
  void writeQuestions(tx, writes.questions)
  writeVoided(tx, at, [...writes.voided])
  writeWaits(tx, writes.waits)
  // After questions and waits: those of a run that is over are over.
  writeRuns(tx, at, writes.runs)
  void addTasksLocked(tx, writes.tasks)
  void appendLocked(tx, writes.timeline)
  round.head = await appendAudits(tx, writes.audit, round.head)
  await Promise.all([...writes.artifacts.values()].map(writeArtifact))
  for (const rows of Object.values(writes) as readonly (unknown[] | Map<unknown, unknown> | Set<unknown>)[]) {
    if (Array.isArray(rows)) rows.length = 0
    else rows.clear()
  }
}
