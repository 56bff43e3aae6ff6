import { appendTimeline, duration, readIncident } from '../cases/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import {
  advance,
  type Climb,
  chooseFirst,
  dueAt,
  type EscalationPolicy,
  type Person,
  type Tell,
} from '../core/escalate/index.ts'
import type { Incident, JsonObject } from '../core/model/index.ts'
import { type PendingApproval, pendingApprovals } from '../respond/index.ts'
import { appendAudit, lockAudit, type Store, type Tx } from '../store/index.ts'
import { type CallReport, type Reach, reportText, tellAll } from './tell.ts'

export interface EscalateParts {
  readonly store: Store
  readonly policies: () => readonly EscalationPolicy[]
  readonly team: () => readonly Person[]
  readonly reach: Reach
}

interface Row extends Climb {
  readonly incident: number
  readonly policy: string
  readonly nextAt: number | null
  readonly ended: string | null
}

/**
 * Looks at an incident as it is now: begins the escalation of the policy that fits, goes over to one of lower order when it
 * got worse, ends it when somebody has acknowledged it, and tells of approvals that were asked or put to more people. Doing it
 * again changes nothing.
 */
export async function followIncident(parts: EscalateParts, number: number, at: number): Promise<void> {
  const seen = await parts.store.transaction((tx) => look(tx, number))
  if (seen === null) return
  const choice = await chooseFirst(parts.policies(), incidentFacts(seen.incident))
  const policy = choice?.rule ?? null
  const isQuiet = (one: Seen) =>
    !mayEnd(one) && !mayBegin(one, policy, parts.policies()) && untold(one, policy).length === 0
  if (isQuiet(seen)) return
  await parts.store.transaction(async (tx) => {
    await lockIncident(tx, number)
    const now = await look(tx, number)
    if (now === null) return
    if (mayEnd(now) && now.row !== null) await end(tx, now.row, now.incident, at)
    else if (policy !== null && mayBegin(now, policy, parts.policies()))
      await begin(tx, policy, choice?.decision.sentence ?? '', number, at)
    for (const one of untold(now, policy))
      if (one.approval.expiresAt > at && policy !== null)
        await tellOnce(tx, parts, { ...one, policy, incident: now.incident, at })
  })
}

/** An incident with what its escalation goes by. */
interface Seen {
  readonly incident: Incident
  readonly row: Row | null
  readonly approvals: readonly PendingApproval[]
  /** Of which approvals people were told what, as `<id> <event>`. */
  readonly told: ReadonlySet<string>
}

const mayEnd = ({ incident, row }: Seen) => incident.status !== 'new' && row !== null && row.ended === null

/** Whether the policy takes the place of what the incident has: nothing, one that is gone, or one that comes later. */
function mayBegin(
  { incident, row }: Seen,
  policy: EscalationPolicy | null,
  policies: readonly EscalationPolicy[],
): boolean {
  if (incident.status !== 'new' || policy === null) return false
  if (row === null) return true
  if (row.policy === policy.ref.id) return false
  const present = policies.find((one) => one.ref.id === row.policy)
  return present === undefined || policy.order < present.order
}

/** What people were not told yet about approvals of the incident. */
function untold({ incident, approvals, told }: Seen, policy: EscalationPolicy | null) {
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

/** Tells the levels that are due, each in a transaction of its own; says how many. */
export async function tellDue(parts: EscalateParts, at: number): Promise<number> {
  const due = await parts.store.transaction((tx) =>
    tx.query<{ incident: number }>(
      'select incident from escalation where tenant = $1 and next_at <= $2 order by next_at, incident limit 100',
      [tx.tenant, at],
    ),
  )
  let told = 0
  for (const { incident } of due.rows) if (await tellLevel(parts, incident, at)) told++
  return told
}

/** Tells of approvals that are about to expire, once each. */
export async function tellExpiring(parts: EscalateParts, at: number): Promise<void> {
  const policies = parts.policies()
  const longest = Math.max(0, ...policies.map((one) => one.approvals.expiring?.beforeMs ?? 0))
  if (longest === 0) return
  const soon = await parts.store.transaction((tx) => pendingApprovals(tx, { expiresBy: at + longest }))
  for (const incident of new Set(soon.map((one) => one.incident))) {
    const seen = await parts.store.transaction((tx) => readIncident(tx, incident, 0))
    if (seen === null) continue
    const policy = (await chooseFirst(policies, incidentFacts(seen)))?.rule
    const expiring = policy?.approvals.expiring
    if (policy === undefined || expiring === null || expiring === undefined) continue
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
  }
}

async function tellLevel(parts: EscalateParts, number: number, at: number): Promise<boolean> {
  return parts.store.transaction(async (tx) => {
    await lockIncident(tx, number)
    const held = await look(tx, number)
    const row = held?.row ?? null
    if (held === null || row === null || row.nextAt === null || row.nextAt > at) return false
    const { incident } = held
    const policy = parts.policies().find((one) => one.ref.id === row.policy)
    const level = policy?.levels[row.level]
    if (incident.status !== 'new' || policy === undefined || level === undefined) {
      await end(tx, row, incident, at)
      return false
    }
    const sentence = `nobody has acknowledged INC-${number} for ${duration(at - row.startedAt)}: ${incident.title}`
    const report = await tellAll(
      tx,
      level.tell,
      {
        key: `call/${number}/${row.startedAt}/${row.round}/${row.level}`,
        incident,
        approval: null,
        sentence: row.round === 0 && level.afterMs === 0 ? `INC-${number} needs somebody: ${incident.title}` : sentence,
        policy,
        round: row.round,
        at,
      },
      { team: parts.team(), reach: parts.reach },
    )
    const next = advance(policy, row)
    await tx.query(
      'update escalation set round = $3, level = $4, next_at = $5, ended = $6 where tenant = $1 and incident = $2',
      [
        tx.tenant,
        number,
        next?.round ?? row.round,
        next?.level ?? row.level,
        next === null ? null : dueAt(policy, next),
        next === null ? 'all levels were told' : null,
      ],
    )
    await record(
      tx,
      'escalation.tell',
      number,
      `escalation ${policy.ref.id}, level ${row.level + 1}${row.round > 0 ? `, round ${row.round + 1}` : ''}`,
      report,
      at,
      { policy: policy.ref.id, level: row.level, round: row.round },
    )
    return true
  })
}

async function begin(tx: Tx, policy: EscalationPolicy, why: string, incident: number, at: number): Promise<void> {
  const climb = { startedAt: at, round: 0, level: 0 }
  await tx.query(
    `insert into escalation (tenant, incident, policy, started_at, next_at) values ($1, $2, $3, $4, $5)
      on conflict (tenant, incident) do update set policy = excluded.policy, started_at = excluded.started_at,
        round = 0, level = 0, next_at = excluded.next_at, ended = null`,
    [tx.tenant, incident, policy.ref.id, at, dueAt(policy, climb)],
  )
  await appendTimeline(tx, [
    { incident, at, kind: 'decision', actor: 'gitsoc', sentence: `escalation until somebody acknowledges it: ${why}` },
  ])
}

async function end(tx: Tx, row: Row, { status }: Incident, at: number): Promise<void> {
  const ended = status === 'new' ? 'its policy is gone' : `the incident is ${status}`
  await tx.query(
    'update escalation set next_at = null, ended = $3 where tenant = $1 and incident = $2 and ended is null',
    [tx.tenant, row.incident, ended],
  )
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action: 'escalation.end',
    subject: `incident/${row.incident}`,
    details: { policy: row.policy, why: ended },
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

async function tellOnce(tx: Tx, parts: EscalateParts, one: Event): Promise<void> {
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

async function record(
  tx: Tx,
  action: string,
  incident: number,
  what: string,
  report: CallReport,
  at: number,
  details: JsonObject,
): Promise<void> {
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action,
    subject: `incident/${incident}`,
    details: { ...details, told: report.told, missed: report.missed },
  })
  await appendTimeline(tx, [
    { incident, at, kind: 'decision', actor: 'gitsoc', sentence: `${what}: ${reportText(report)}` },
  ])
}

/** Locks in the order in which everybody locks: the chain, the incident, then what is ours. */
async function lockIncident(tx: Tx, number: number): Promise<void> {
  await lockAudit(tx)
  await tx.query('select from incident where tenant = $1 and number = $2 for no key update', [tx.tenant, number])
  await tx.query('select from escalation where tenant = $1 and incident = $2 for update', [tx.tenant, number])
}

async function look(tx: Tx, number: number): Promise<Seen | null> {
  const incident = await readIncident(tx, number, 0)
  if (incident === null) return null
  const rows = await tx.query<Row>(
    `select incident, policy, started_at as "startedAt", round, level, next_at as "nextAt", ended
      from escalation where tenant = $1 and incident = $2`,
    [tx.tenant, number],
  )
  const approvals = await pendingApprovals(tx, { incident: number })
  const told = await tx.query<{ approval: string; event: string }>(
    'select approval, event from approval_told where tenant = $1 and approval = any($2)',
    [tx.tenant, approvals.map((one) => one.id)],
  )
  return {
    incident,
    row: rows.rows[0] ?? null,
    approvals,
    told: new Set(told.rows.map((one) => `${one.approval} ${one.event}`)),
  }
}
