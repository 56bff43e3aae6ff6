import { addTasksLocked, appendLocked } from '../cases/index.ts'
import { appendAudits } from '../store/index.ts'
import type { Round } from './round.ts'
import { writeCallEnds, writeCalls } from './write-calls.ts'
import { writeEffects } from './write-effects.ts'
import { writeQuestions } from './write-questions.ts'
import { writeRuns } from './write-runs.ts'
import { writeSteps } from './write-steps.ts'
import { writeTurns } from './write-turns.ts'
import { writeVoided } from './write-voided.ts'
import { writeWaits } from './write-waits.ts'

/** Writes what a round has collected, and forgets it: the chain and the incidents are held. */
export async function writeRound({ tx, at, writes }: Pick<Round, 'tx' | 'at' | 'writes'>): Promise<void> {
  await writeTurns(tx, writes.turns)
  await writeSteps(tx, writes.steps)
  await writeEffects(tx, writes.intents, writes.effects)
  await writeCalls(tx, writes.calls)
  await writeCallEnds(tx, writes.callEnds)
  await writeQuestions(tx, writes.questions)
  await writeVoided(tx, at, [...writes.voided])
  await writeWaits(tx, writes.waits)
  // After questions and waits: those of a run that is over are over.
  await writeRuns(tx, at, writes.runs)
  await addTasksLocked(tx, writes.tasks)
  await appendLocked(tx, writes.timeline)
  await appendAudits(tx, writes.audit)
  for (const rows of Object.values(writes) as readonly (unknown[] | Map<unknown, unknown> | Set<unknown>)[]) {
    if (Array.isArray(rows)) rows.length = 0
    else rows.clear()
  }
}
