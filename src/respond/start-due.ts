import { listIncidents } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import type { Playbook } from '../core/playbook/index.ts'
import type { Store, Tx } from '../store/index.ts'
import { type NewRun, startRuns } from './start-runs.ts'

const maxIncidents = 1000

/** What looking at open incidents needs. */
export interface DueParts {
  readonly store: Store
  readonly clock: () => number
  readonly current?: () => Bundle
  /** When each playbook is looked at next, kept from call to call, so that the database is asked once a slot. */
  readonly dueAt: Map<string, number>
}

/**
 * Starts playbooks with `every` on the open incidents that they mean. Time is cut into slots of that length; of all
 * replicas one looks, once a slot, and a slot that was slept through is not made up for.
 */
export async function startDue({ store, clock, current, dueAt }: DueParts): Promise<number> {
  const bundle = current?.()
  const playbooks = [...(bundle?.playbooks.values() ?? [])].filter((one) => one.trigger.everyMs !== null)
  if (bundle === undefined || playbooks.length === 0) return 0
  const at = clock()
  if (!playbooks.some((one) => at >= (dueAt.get(one.id) ?? 0))) return 0
  return store.transaction(async (tx) => {
    const due: Playbook[] = []
    for (const one of playbooks) if (await takeSlot(tx, one, at)) due.push(one)
    for (const one of playbooks) dueAt.set(one.id, (slotOf(one, at) + 1) * (one.trigger.everyMs ?? 1))
    if (due.length === 0) return 0
    const runs: NewRun[] = []
    for (const incident of await listIncidents(tx, { limit: maxIncidents, open: true })) {
      for (const playbook of due) {
        const seen = await playbook.trigger.when?.decide(incidentFacts(incident))
        if (seen?.matched !== true) continue
        const because = seen.facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')
        const sentence = `"${playbook.title}" looks at open incidents, and this one is meant because ${because}`
        runs.push({
          incident: incident.number,
          trigger: { playbook, decision: { answer: 'started', rule: playbook.ref, facts: seen.facts, sentence } },
          at,
          ...(playbook.trigger.once === 'change' ? { cause: `every ${slotOf(playbook, at)}` } : {}),
        })
      }
    }
    return (await startRuns(tx, bundle, runs)).length
  })
}

const slotOf = (one: Playbook, at: number) => Math.floor(at / (one.trigger.everyMs ?? 1))

/** Takes the slot for this replica; false when another has it, or a later one was taken before the clock jumped back. */
async function takeSlot(tx: Tx, one: Playbook, at: number): Promise<boolean> {
  const taken = await tx.query(
    `insert into engine_state as s (tenant, kind, key, doc) values ($1, 'every', $2, to_jsonb($3::bigint))
      on conflict (tenant, kind, key) do update set doc = excluded.doc where (s.doc)::text::bigint < $3::bigint`,
    [tx.tenant, one.id, slotOf(one, at)],
  )
  return taken.rowCount > 0
}
