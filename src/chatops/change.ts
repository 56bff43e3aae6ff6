import { type Change, changeIncident, gradeOf } from '../cases/index.ts'
import { analystNamed, type Command, type Team } from '../core/command/index.ts'
import { didYouMean, oneLine } from '../core/model/index.ts'
import type { Ask, ChatParts } from './ask.ts'
import { done, type Reply, refused, refusedBy } from './reply.ts'

type ChangeCommand = Extract<
  Command,
  { readonly verb: 'ack' | 'assign' | 'milestone' | 'status' | 'severity' | 'verdict' | 'note' | 'task' | 'close' }
>

/** What people say about an incident: taken on, given to somebody, judged, noted, done. */
export async function change({ store, bundle }: ChatParts, command: ChangeCommand, ask: Ask): Promise<Reply> {
  const wanted = changeOf(bundle().team, command, ask)
  if ('refused' in wanted) return refused(...wanted.refused)
  const { incident: number, at, speaker } = ask
  const result = await changeIncident(store, { number, actor: speaker.actor, at, change: wanted })
  if (!result.ok) {
    const [first] = result.problems
    return first?.code === 'cases/verdict'
      ? refused(
          'closing needs a verdict',
          'write /close true-positive, benign-positive, false-positive or undetermined, and why',
        )
      : refusedBy(result.problems)
  }
  const { status, owner, verdict, assessment } = result.value
  const stands = [
    ...(wanted.kind === 'severity' ? [gradeOf(assessment)] : []),
    status,
    owner === null ? 'nobody owns it' : `owned by ${owner}`,
    ...(verdict === null ? [] : [verdict]),
  ]
  return done(`INC-${number}: ${saidOf(wanted)}; now ${stands.join(', ')}`)
}

function changeOf(team: Team, command: ChangeCommand, { speaker }: Ask): Change | { refused: readonly string[] } {
  const reasonOf = (reason: string) => (reason === '' ? {} : { reason })
  switch (command.verb) {
    case 'ack':
      return { kind: 'status', status: 'acknowledged', ...reasonOf(command.reason) }
    case 'milestone':
      return { kind: 'milestone', milestone: command.milestone }
    case 'status':
      return command.status === null
        ? { refused: ['no status is named'] }
        : { kind: 'status', status: command.status, ...reasonOf(command.reason) }
    case 'close':
      return {
        kind: 'status',
        status: 'closed',
        ...(command.verdict === null ? {} : { verdict: command.verdict }),
        ...reasonOf(command.reason),
      }
    case 'severity':
      return { kind: 'severity', severity: command.severity, reason: command.reason }
    case 'verdict':
      return { kind: 'verdict', verdict: command.verdict, ...reasonOf(command.reason) }
    case 'note':
      return { kind: 'note', text: command.text }
    case 'task':
      return 'title' in command
        ? { kind: 'task', title: command.title }
        : { kind: 'task-state', n: command.n, state: command.state }
    case 'assign':
      return ownerOf(team, command.to, speaker.actor)
  }
}

/** Whom an incident goes to: oneself, or somebody of the team. Others have no access that gitsoc knows of. */
function ownerOf(team: Team, to: string | null, speaker: string): Change | { refused: readonly string[] } {
  if (to === null) return { kind: 'owner', owner: null }
  if (to === 'me') return { kind: 'owner', owner: speaker }
  const analyst = analystNamed(team, to)
  if (analyst !== null) return { kind: 'owner', owner: analyst.id }
  const known = team.analysts.flatMap((one) => (one.github === null ? [one.id] : [one.id, one.github]))
  const near = didYouMean(to.replace(/^@/, ''), known)
  return {
    refused: [
      `the team has nobody called "${oneLine(to, 60)}"${near === undefined ? '' : `: ${near}`}`,
      'people stand in rules/team; /assign me takes it yourself',
    ],
  }
}

function saidOf(change: Change): string {
  switch (change.kind) {
    case 'status':
      return `set to ${change.status}`
    case 'owner':
      return change.owner === null ? 'given back' : `assigned to ${change.owner}`
    case 'milestone':
      return change.milestone === null ? 'it has no milestone any more' : `put into the milestone "${change.milestone}"`
    case 'severity':
      return change.severity === null ? "the severity is the machine's again" : `the severity is ${change.severity}`
    case 'verdict':
      return `judged as ${change.verdict}`
    case 'note':
      return 'the note is in the story'
    case 'task':
      return `added the task "${change.title}"`
    case 'task-state':
      return change.state === 'done' ? `task ${change.n} is done` : `task ${change.n} is open again`
  }
}
