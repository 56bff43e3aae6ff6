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

/** Writes what a round has collected, and forgets it: the chain and the incidents are held. */
export async function writeRound(round: Round): Promise<void> {
  const { tx, at, writes } = round
  await writeTurns(tx, writes.turns)
  await writeSteps(tx, writes.steps)
  await writeEffects(tx, writes.intents, writes.effects)
  await writeCalls(tx, writes.calls, writes.callEnds)
  await writeQuestions(tx, writes.questions)
  await writeVoided(tx, at, [...writes.voided])
  await writeWaits(tx, writes.waits)
  // After questions and waits: those of a run that is over are over.
  await writeRuns(tx, at, writes.runs)
  await addTasksLocked(tx, writes.tasks)
  await appendLocked(tx, writes.timeline)
  round.head = await appendAudits(tx, writes.audit, round.head)
  await Promise.all(writes.artifacts.map(writeArtifact))
  for (const rows of Object.values(writes) as readonly (unknown[] | Map<unknown, unknown> | Set<unknown>)[]) {
    if (Array.isArray(rows)) rows.length = 0
    else rows.clear()
  }
}
