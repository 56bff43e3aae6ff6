import { changeIncidentIn } from '../cases/index.ts'
import { type EscalationPolicy, type Person, type Tell, whoIsTold } from '../core/escalate/index.ts'
import type { Incident, IncidentSeverity } from '../core/model/index.ts'
import { type Message, send } from '../projection/index.ts'
import type { Tx } from '../store/index.ts'
import { wholeIncident } from './page-writer.ts'

/** By which ways people can be reached. A way that is not configured is said to be missing, never silently left out. */
export interface Reach {
  readonly slack: boolean
  /** Whether there is a routing key of that service. */
  readonly pagerduty: (service: string) => boolean
  /** Leaves a mail in the outbox; the same id is the same mail. Null = there is no outbox. */
  readonly email:
    | ((
        id: string,
        mail: { readonly to: string; readonly subject: string; readonly text: string },
        at: number,
      ) => Promise<void>)
    | null
}

/** What people are told about. */
export interface Call {
  /** What makes it this call and no other. */
  readonly key: string
  readonly incident: Incident
  /** The id of an approval; null = the incident itself. */
  readonly approval: string | null
  /** One line; parts of it may come from events. */
  readonly sentence: string
  readonly policy: EscalationPolicy
  readonly round: number
  readonly at: number
}

/** What the slack room renders of a call. */
export interface SlackCall {
  readonly kind: 'call'
  readonly incident: number
  readonly approval: string | null
  readonly sentence: string
  /** One of these is null: a channel by name or id, or a person by mail address. */
  readonly channel: string | null
  readonly email: string | null
}

/** Whom a call reached, and whom not and why, in words. */
export interface CallReport {
  readonly told: readonly string[]
  readonly missed: readonly string[]
}

const ranks: Readonly<Record<IncidentSeverity, Message['rank']>> = { CRITICAL: 0, HIGH: 1, MEDIUM: 2, LOW: 3 }

/**
 * Leaves a call to every channel, in the caller's transaction: it reaches the channels' outboxes exactly if the transaction
 * commits. The caller holds the audit chain and the incident.
 */
export async function tellAll(
  tx: Tx,
  tells: readonly Tell[],
  call: Call,
  parts: { readonly team: readonly Person[]; readonly reach: Reach },
): Promise<CallReport> {
  const told: string[] = []
  const missed: string[] = []
  for (const [n, tell] of tells.entries()) {
    const report = await tellOne(tx, tell, { ...call, key: `${call.key}/${n}` }, parts)
    told.push(...report.told)
    missed.push(...report.missed)
  }
  return { told, missed }
}

async function tellOne(
  tx: Tx,
  tell: Tell,
  call: Call,
  { team, reach }: { readonly team: readonly Person[]; readonly reach: Reach },
): Promise<CallReport> {
  const { incident, approval, sentence, policy, at } = call
  if (tell.by === 'pagerduty') {
    if (!reach.pagerduty(tell.service)) return missed(`PagerDuty (${tell.service}): there is no routing key for it`)
    await tx.query(
      `insert into page (tenant, incident, subject, service, policy, summary, at) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict do nothing`,
      [tx.tenant, incident.number, approval ?? wholeIncident, tell.service, policy.ref.id, sentence, at],
    )
    return { told: [`PagerDuty (${tell.service})`], missed: [] }
  }
  const rank = ranks[incident.assessment?.severity ?? 'MEDIUM']
  const toSlack = (to: Pick<SlackCall, 'channel' | 'email'>, key: string) =>
    send(tx, 'slack', {
      key,
      rank,
      at,
      body: { kind: 'call', incident: incident.number, approval, sentence, ...to } satisfies SlackCall,
    })
  if (tell.by === 'slack' && tell.channel !== null) {
    if (!reach.slack) return missed(`Slack (${tell.channel}): it is not configured`)
    await toSlack({ channel: tell.channel, email: null }, call.key)
    return { told: [`Slack (${tell.channel})`], missed: [] }
  }
  const people = tell.who === null ? [] : whoIsTold(tell.who, policy, team, call.round)
  const names = people.map((one) => one.id).join(', ')
  const [first] = people
  if (first === undefined) return missed(`${nameOf(tell.by)}: nobody of the team is meant by it`)
  if (tell.by === 'github') {
    if (incident.owner === first.id) return missed(`assignment to ${first.id}: it is theirs already`)
    const assigned = await changeIncidentIn(tx, {
      number: incident.number,
      actor: 'gitsoc',
      at,
      change: { kind: 'owner', owner: first.id },
    })
    return assigned.ok
      ? { told: [`assigned to ${first.id}`], missed: [] }
      : missed(`assignment to ${first.id}: ${assigned.problems[0]?.message ?? 'it was refused'}`)
  }
  if (tell.by === 'slack') {
    if (!reach.slack) return missed(`Slack (${names}): it is not configured`)
    for (const one of people) await toSlack({ channel: null, email: one.email }, `${call.key}/${one.id}`)
    return { told: [`Slack (${names})`], missed: [] }
  }
  if (reach.email === null) return missed(`mail (${names}): there is no outbox`)
  for (const one of people)
    await reach.email(
      `${call.key}/${one.id}`.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 120),
      {
        to: one.email,
        subject: `INC-${incident.number}: you are called`,
        text: `${sentence}\n\nIncident ${incident.number}: ${incident.title}\n`,
      },
      at,
    )
  return { told: [`mail (${names})`], missed: [] }
}

const missed = (why: string): CallReport => ({ told: [], missed: [why] })
const nameOf = (by: Tell['by']) => ({ slack: 'Slack', pagerduty: 'PagerDuty', github: 'assignment', email: 'mail' })[by]

/** `told A, B; NOT told: C` */
export function reportText({ told, missed }: CallReport): string {
  return [
    ...(told.length > 0 ? [`told ${told.join(', ')}`] : []),
    ...(missed.length > 0 ? [`NOT told: ${missed.join('; ')}`] : []),
  ].join('; ')
}
