import { type JsonObject, oneLine } from '../core/model/index.ts'
import type { ApprovalTerms } from '../core/policy/index.ts'
import type { Store } from '../store/index.ts'
import { ask, questionId } from './ask-approval.ts'
import { lockStory } from './lock-story.ts'
import type { Controlled, Hand } from './run-control.ts'

/** What a denied step would have done, as it is on record. */
export interface Denied {
  readonly action: string
  readonly target: string
  readonly inputs: JsonObject
  readonly digest: string
  readonly breakGlass: ApprovalTerms | null
}

const leastPeople = 2

/**
 * Asks people to overrule the denial of a step: at least two, of the roles that the policies name, for exactly the effect
 * that was denied. Refused where no policy lets anybody, and for what was not denied by a policy.
 */
export async function breakGlass(store: Store, run: string, step: string, hand: Hand): Promise<Controlled> {
  const refused = (why: string): Controlled => ({ ok: false, why })
  const reason = oneLine(hand.reason, 2000).toWellFormed()
  const actor = oneLine(hand.actor, 200).toWellFormed()
  if (reason === '' || actor === '') return refused('it needs a name and a reason')
  return store.transaction(async (tx) => {
    const found = await tx.query<{ incident: number; playbook: string; denied: Denied | null }>(
      `select r.incident, r.playbook, s.denied from run r join run_step s on s.tenant = r.tenant and s.run = r.id
        where r.tenant = $1 and r.id = $2 and s.path = $3`,
      [tx.tenant, run, step],
    )
    const [row] = found.rows
    if (row === undefined) return refused(`run ${oneLine(run, 60)} has no step "${oneLine(step, 60)}" that has ended`)
    const { denied, incident } = row
    if (denied === null) return refused('the step was not denied by a policy')
    if (denied.breakGlass === null)
      return refused('no policy lets anybody overrule this: the stop switch and unknown effects are never overruled')
    const { roles, quorum, expiresMs } = denied.breakGlass
    await lockStory(tx, [incident])
    const question = {
      kind: 'break-glass' as const,
      run,
      incident,
      path: step,
      digest: denied.digest,
      action: denied.action,
      target: denied.target,
      inputs: denied.inputs,
      why: `${actor}: ${reason}`,
      author: '',
      askedAt: hand.at,
      options: [],
    }
    const before = await tx.query('select from approval where tenant = $1 and id = $2', [
      tx.tenant,
      questionId(question),
    ])
    if (before.rowCount > 0) return refused('it was asked before: a glass is broken once')
    const id = await ask(tx, question, { roles, quorum: Math.max(leastPeople, quorum), expiresMs })
    return { ok: true, run: id } as const
  })
}
