import { storableText } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { KnownRun } from './known-run.ts'
import type { Round } from './round.ts'

/** How a run is over. */
export interface Ending {
  readonly status: 'completed' | 'failed' | 'stopped' | 'expired' | 'cancelled'
  readonly sentence: string
  readonly outputs: JsonObject
}

/** Ends a run: its questions are void, and timeline and audit say how it went. */
export function endRun({ writes, at }: Round, run: KnownRun, { status, sentence, outputs }: Ending): void {
  const { id, incident, playbook, commit, bundle } = run
  run.status = status
  writes.runs.set(id, { status, wakeAt: null, ended: { sentence: storableText(sentence), outputs } })
  writes.audit.push({
    at,
    actor: 'gitsoc',
    action: `run.${status}`,
    subject: `run/${id}`,
    details: { incident, playbook, commit, bundle },
  })
  const said = `the playbook is ${status}: ${sentence}`
  writes.timeline.push({ incident, at, kind: 'run', actor: playbook, sentence: said })
}
