import { appendTimeline } from '../cases/index.ts'
import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'
import type { KnownRun } from './known-run.ts'
import type { Round } from './round.ts'
import { writeSteps } from './write-steps.ts'

/** A step's end as it is recorded; `denied` is what a denied one would have done. */
export type RecordedStep = StepResult & { readonly denied?: JsonObject }

/** Records how steps ended, in this order, and tells the incident's timeline. A step that has ended already stays as it was. */
export function recordSteps(round: Round, run: KnownRun, ended: readonly RecordedStep[]): void {
  if (ended.length === 0) return
  const known = new Set(run.results.map((one) => one.path))
  const fresh = ended.filter((one) => !known.has(one.path))
  run.results.push(...fresh)
  for (const one of fresh) run.open.delete(one.path)
  round.writes.steps.push(...fresh.map((one) => ({ ...one, run: run.id, at: round.at })))
  round.writes.timeline.push(...told(run, run.incident, fresh, round.at))
}

/** Like {@link recordSteps}, one step, outside of a round. */
export async function recordStep(
  tx: Tx,
  run: { readonly id: string; readonly playbook: string },
  incident: IncidentNumber,
  ended: RecordedStep,
  at: number,
): Promise<void> {
  writeSteps(tx, [{ ...ended, run: run.id, at }])
  await appendTimeline(tx, told(run, incident, [ended], at))
}

const told = (
  run: { readonly playbook: string },
  incident: IncidentNumber,
  ended: readonly RecordedStep[],
  at: number,
) =>
  ended
    .filter((one) => one.status !== 'decided')
    .map(({ sentence }) => ({ incident, at, kind: 'action' as const, actor: run.playbook, sentence }))
