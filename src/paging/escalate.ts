import { appendTimeline, duration } from '../cases/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { advance, chooseFirst, dueAt, type EscalationPolicy } from '../core/escalate/index.ts'
import type { Incident } from '../core/model/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { tellOnce, untold } from './approval-calls.ts'
import { eachAlone } from './each-alone.ts'
import { type EscalateParts, lockIncident, look, type Row, type Seen } from './escalation-state.ts'
import { record } from './record-call.ts'
import { tellAll } from './tell.ts'

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

/** Tells the levels that are due, each in a transaction of its own; says how many. */
export async function tellDue(parts: EscalateParts, at: number): Promise<number> {
  const due = await parts.store.transaction((tx) =>
    tx.query<{ incident: number }>(
      'select incident from escalation where tenant = $1 and next_at <= $2 order by next_at, incident limit 100',
      [tx.tenant, at],
    ),
  )
  let told = 0
  await eachAlone(due.rows, async ({ incident }) => {
    if (await tellLevel(parts, incident, at)) told++
  })
  return told
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
