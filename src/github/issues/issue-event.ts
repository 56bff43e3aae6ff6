import type { Command } from '../../core/command/index.ts'
import { type Incident, type IncidentSeverity, isObject, type JsonObject } from '../../core/model/index.ts'
import { isOurs, labelsOf } from './issue-labels.ts'
import { milestoneTitle, type RemoteIssue, type RemoteUser, remoteIssue, remoteUser } from './remote-issue.ts'

/** Something that was done to an issue on GitHub. */
export interface IssueEvent {
  readonly action: string
  readonly issue: number
  readonly sender: RemoteUser | null
  /** To the second, as GitHub tells it; epoch milliseconds. */
  readonly at: number
  readonly label: string | null
  readonly assignee: string | null
  readonly milestone: string | null
}

const nameIn = (value: unknown, key: string): string | null =>
  isObject(value) && typeof value[key] === 'string' ? value[key] : null

/** Reads the payload of an `issues` webhook; null when it is about a pull request or nothing. */
export function issueEventOf(payload: JsonObject): { readonly event: IssueEvent; readonly issue: RemoteIssue } | null {
  const issue = remoteIssue(payload.issue)
  if (issue === null || issue.isPull || typeof payload.action !== 'string') return null
  return {
    issue,
    event: {
      action: payload.action,
      issue: issue.number,
      sender: remoteUser(payload.sender),
      at: issue.updatedAt,
      label: nameIn(payload.label, 'name'),
      assignee: nameIn(payload.assignee, 'login'),
      milestone: nameIn(payload.milestone, 'title'),
    },
  }
}

/** What an event means for its incident. */
export type Meaning =
  /** It agrees with the incident, or says nothing about it. */
  | { readonly kind: 'nothing' }
  /** It touched what is ours and stands for nothing that a person could mean. */
  | { readonly kind: 'repair' }
  /** It is as good as these words. `field` names what of the incident is changed, as the audit calls it. */
  | { readonly kind: 'command'; readonly command: Command; readonly field: string }

const nothing: Meaning = { kind: 'nothing' }
const repair: Meaning = { kind: 'repair' }
const reason = 'on GitHub'

/** What was meant by what was done to the issue; `assignee` is the login of the incident's owner, where that is known. */
export function meaningOf(event: IssueEvent, incident: Incident, assignee: string | null): Meaning {
  const isOver = ['resolved', 'closed', 'merged'].includes(incident.status)
  switch (event.action) {
    case 'closed':
      return isOver ? nothing : commandFor(closing(incident), 'status')
    case 'reopened':
      if (incident.status === 'merged') return repair
      return isOver ? commandFor({ verb: 'ack', reason }, 'status') : nothing
    case 'labeled':
      return labeled(event.label ?? '', incident)
    case 'unlabeled':
      return event.label !== null && labelsOf(incident).includes(event.label) ? repair : nothing
    case 'assigned':
      return assigned(event, assignee)
    case 'unassigned':
      return event.assignee !== null && event.assignee.toLowerCase() === assignee
        ? commandFor({ verb: 'assign', to: null }, 'owner')
        : nothing
    case 'milestoned':
      return event.milestone === null || isIn(event.milestone, incident)
        ? nothing
        : commandFor({ verb: 'milestone', milestone: event.milestone }, 'milestone')
    case 'demilestoned':
      return event.milestone !== null && isIn(event.milestone, incident)
        ? commandFor({ verb: 'milestone', milestone: null }, 'milestone')
        : nothing
    case 'edited':
    case 'renamed':
    case 'deleted':
    case 'transferred':
      return repair
    default:
      return nothing
  }
}

/** By the letters only, as GitHub tells titles apart; ours are one line. */
const isIn = (title: string, { milestone }: Incident) =>
  milestone !== null && milestoneTitle(title).toLowerCase() === milestone.toLowerCase()

const commandFor = (command: Command, field: string): Meaning => ({ kind: 'command', command, field })

/** An issue is closed without a verdict, an incident is not: without one it is resolved. */
const closing = ({ verdict }: Incident): Command =>
  verdict === null ? { verb: 'status', status: 'resolved', reason } : { verb: 'close', verdict: null, reason }

function labeled(label: string, incident: Incident): Meaning {
  if (!isOurs(label) || labelsOf(incident).includes(label)) return nothing
  const [kind, value = ''] = label.split(':')
  if (kind === 'severity' && severities.some((one) => one === value.toUpperCase()))
    return commandFor({ verb: 'severity', severity: value.toUpperCase() as IncidentSeverity, reason }, 'severity')
  if (kind === 'status' && value === 'acknowledged') return commandFor({ verb: 'ack', reason }, 'status')
  if (kind === 'status' && (value === 'contained' || value === 'resolved'))
    return commandFor({ verb: 'status', status: value, reason }, 'status')
  if (kind === 'status' && value === 'closed') return commandFor({ verb: 'close', verdict: null, reason }, 'status')
  return repair
}

const severities: readonly IncidentSeverity[] = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']

function assigned({ assignee: to, sender }: IssueEvent, assignee: string | null): Meaning {
  if (to === null || to.toLowerCase() === assignee) return nothing
  const isSelf = to.toLowerCase() === sender?.login.toLowerCase()
  return commandFor({ verb: 'assign', to: isSelf ? 'me' : `@${to}` }, 'owner')
}
