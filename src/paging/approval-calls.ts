import { duration, readIncident } from '../cases/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { chooseFirst, type EscalationPolicy, type Tell } from '../core/escalate/index.ts'
import type { Incident } from '../core/model/index.ts'
import { type PendingApproval, pendingApprovals } from '../respond/index.ts'
import type { Tx } from '../store/index.ts'
import { eachAlone } from './each-alone.ts'
import { type EscalateParts, lockIncident, look, type Seen } from './escalation-state.ts'
import { record } from './record-call.ts'
import { tellAll } from './tell.ts'

/** What people were not told yet about approvals of the incident. */
export function untold({ incident, approvals, told }: Seen, policy: EscalationPolicy | null) {
  const isOver = incident.status === 'resolved' || incident.status === 'closed' || incident.status === 'merged'
  if (policy === null || isOver) return []
  const { asked: onAsked, escalated } = policy.approvals
  return approvals.flatMap((approval) => {
    const events = [
      { event: 'asked', tell: onAsked, sentence: `an answer is needed, whether ${asked(approval)}` },
      ...(approval.isEscalated
        ? [
            {
              event: 'escalated',
              tell: escalated,
              sentence: `nobody has answered whether ${asked(approval)}; now ${approval.roles.join(', ')} may`,
            } as const,
          ]
        : []),
    ] as const
    return events
      .filter((one) => one.tell.length > 0 && !told.has(`${approval.id} ${one.event}`))
      .map((one) => ({ ...one, approval }))
  })
}

/** Tells of approvals that are about to expire, once each. */
export async function tellExpiring(parts: EscalateParts, at: number): Promise<void> {
  const policies = parts.policies()
  const longest = Math.max(0, ...policies.map((one) => one.approvals.expiring?.beforeMs ?? 0))
  if (longest === 0) return
  const soon = await parts.store.transaction((tx) => pendingApprovals(tx, { expiresBy: at + longest }))
  await eachAlone([...new Set(soon.map((one) => one.incident))], async (incident) => {
    const seen = await parts.store.transaction((tx) => readIncident(tx, incident, 0))
    if (seen === null) return
    const policy = (await chooseFirst(policies, incidentFacts(seen)))?.rule
    const expiring = policy?.approvals.expiring
    if (policy === undefined || expiring === null || expiring === undefined) return
    await parts.store.transaction(async (tx) => {
      await lockIncident(tx, incident)
      const held = await look(tx, incident)
      if (held === null) return
      for (const approval of held.approvals) {
        if (approval.expiresAt > at + expiring.beforeMs || approval.expiresAt <= at) continue
        const sentence = `${duration(approval.expiresAt - at)} are left to answer whether ${asked(approval)}`
        await tellOnce(tx, parts, {
          policy,
          incident: held.incident,
          approval,
          event: 'expiring',
          tell: expiring.tell,
          sentence,
          at,
        })
      }
    })
  })
}

const asked = ({ kind, action, target, id }: PendingApproval) =>
  kind === 'question' ? `it is so: ${target} (${id})` : `${action} on ${target} may be done (${id})`

interface Event {
  readonly policy: EscalationPolicy
  readonly incident: Incident
  readonly approval: PendingApproval
  readonly event: 'asked' | 'escalated' | 'expiring'
  readonly tell: readonly Tell[]
  readonly sentence: string
  readonly at: number
}

/** Tells of something about an approval, if nobody was told of it yet; the caller holds the incident. */
export async function tellOnce(tx: Tx, parts: EscalateParts, one: Event): Promise<void> {
  const { policy, incident, approval, event, sentence, at } = one
  const fresh = await tx.query(
    'insert into approval_told (tenant, approval, event, at) values ($1, $2, $3, $4) on conflict do nothing',
    [tx.tenant, approval.id, event, at],
  )
  if (fresh.rowCount === 0) return
  const report = await tellAll(
    tx,
    one.tell,
    { key: `call/${approval.id}/${event}`, incident, approval: approval.id, sentence, policy, round: 0, at },
    { team: parts.team(), reach: parts.reach },
  )
  await record(
    tx,
    'approval.tell',
    incident.number,
    `approval ${approval.id} is ${event === 'expiring' ? 'about to expire' : event}`,
    report,
    at,
    {
      approval: approval.id,
      event,
      policy: policy.ref.id,
    },
  )
}
