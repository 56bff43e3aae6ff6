import { readIncident } from '../../cases/index.ts'
import { perform, type Reply } from '../../chatops/index.ts'
import { analystNamed, type Team } from '../../core/command/index.ts'
import type { Incident } from '../../core/model/index.ts'
import { sha256 } from '../../core/model/index.ts'
import { findByOutside, send } from '../../projection/index.ts'
import { answerText } from './answer-text.ts'
import { takeOnce, wasHandled } from './handled.ts'
import { type IssueEvent, meaningOf } from './issue-event.ts'
import { recordOf } from './issue-record.ts'
import { askRepair } from './issue-repairs.ts'
import { keepHeard, lastChangeAt } from './last-change.ts'
import type { RemoteIssue } from './remote-issue.ts'
import { speakerOf } from './speaker-of.ts'
import type { TakeParts } from './take-comment.ts'
import { within } from './within.ts'
import type { IssueMessage } from './write-answer.ts'

/** GitHub's times are whole seconds. */
const secondMs = 1000

/**
 * Lets what was done to an issue change its incident, as if its author had said it: if they may, and if nobody changed the same of
 * the incident later. Otherwise the issue is put back, and a person is told why. What agrees with the incident, as our own writing
 * does, comes to nothing, so that no loop can arise.
 */
export async function takeIssueEvent(parts: TakeParts, event: IssueEvent, there: RemoteIssue | null): Promise<void> {
  const { store, calls, bundle, clock } = parts
  const known = await store.transaction(async (tx) => {
    const found = await findByOutside(tx, 'github', 'issue', event.issue)
    const incident = found === null ? null : await readIncident(tx, found.incident, 0)
    if (found === null || incident === null) return null
    const { written } = recordOf(found.outside)
    return { incident, written, isHandled: await wasHandled(tx, nearKeys(event)) }
  })
  if (known === null || known.isHandled) return
  const { incident, written } = known
  const meaning = meaningOf(event, incident, loginOf(bundle().team, incident))
  if (meaning.kind === 'nothing') return
  if (meaning.kind === 'repair') {
    const isAsWritten =
      event.action === 'edited' &&
      there !== null &&
      written !== null &&
      there.title === written.title &&
      bodyDigest(there) === written.body
    if (!isAsWritten) await store.transaction((tx) => askRepair(tx, incident.number))
    return
  }
  const { command, field } = meaning
  const isPerson = event.sender !== null && !event.sender.isBot
  const speaker = isPerson ? await speakerOf(calls, bundle().team, event.sender?.login ?? '') : null
  await store.transaction(async (tx) => {
    const at = clock()
    // A change is heard of after it was made: of those made on GitHub the time there counts, of all others the one of their record.
    if ((await lastChangeAt(tx, incident.number, field)) >= event.at + secondMs) return askRepair(tx, incident.number)
    if (!(await takeOnce(tx, keyOf(event, event.at), at))) return
    if (speaker === null) return askRepair(tx, incident.number)
    const reply = await perform(
      { store: within(store, tx), bundle },
      { command, speaker, incident: incident.number, at },
    )
    if (reply.ok) await keepHeard(tx, incident.number, field, { at: event.at, recordedAt: at })
    else await askRepair(tx, incident.number)
    const told = tellingOf(event, incident, reply)
    if (told === null) return
    const key = keyOf(event, event.at)
    const verb = command.verb === 'unclear' ? command.of : command.verb
    const text = answerText(key, [{ verb, reply: { ...reply, lines: told } }], [])
    const body: IssueMessage = { kind: 'answer', issue: event.issue, text, comment: null, ok: reply.ok }
    await send(tx, 'github', { key, body: { ...body }, rank: 1, at })
  })
}

/** What the person is told: what did not hold, and what a closed issue leaves to do. */
function tellingOf(event: IssueEvent, incident: Incident, reply: Reply): readonly string[] | null {
  const who = event.sender?.login ?? 'somebody'
  const what: Readonly<Record<string, string>> = {
    closed: 'closed this issue',
    reopened: 'opened this issue again',
    labeled: `set the label ${event.label ?? ''}`,
    assigned: `assigned it to ${event.assignee ?? ''}`,
    unassigned: `took it from ${event.assignee ?? ''}`,
    milestoned: `put it into the milestone ${event.milestone ?? ''}`,
    demilestoned: `took it out of the milestone ${event.milestone ?? ''}`,
  }
  if (!reply.ok) return [`${who} ${what[event.action] ?? 'changed this issue'}; it is put back`, ...reply.lines]
  if (event.action === 'closed' && incident.verdict === null)
    return [
      'the incident is resolved',
      'closing it takes a verdict: write /close true-positive, benign-positive, false-positive or undetermined, and why',
    ]
  return null
}

const loginOf = (team: Team, { owner }: Incident) =>
  owner === null ? null : (analystNamed(team, owner)?.github ?? owner.toLowerCase())

const bodyDigest = (there: RemoteIssue) => sha256(there.body)

const keyOf = ({ issue, action, label, assignee, milestone, sender }: IssueEvent, at: number) =>
  `event/${sha256(JSON.stringify([issue, action, label, assignee, milestone, sender?.login, Math.floor(at / 1000)])).slice(0, 32)}`

/** A webhook and the list of events may tell the same thing with a second between them. */
const nearKeys = (event: IssueEvent) => [-2, -1, 0, 1, 2].map((n) => keyOf(event, event.at + n * secondMs))
