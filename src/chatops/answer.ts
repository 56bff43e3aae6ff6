import type { Command } from '../core/command/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import { type Approval, answerApproval, boundTo } from '../respond/index.ts'
import { approvalLines, shortId } from './approval-lines.ts'
import type { Ask, ChatParts } from './ask.ts'
import { findApproval } from './find-approval.ts'
import { done, type Reply, refused } from './reply.ts'
import { namesOf } from './speaker.ts'

type AnswerCommand = Extract<Command, { readonly verb: 'approve' | 'deny' }>

/**
 * `/approve` and `/deny`. The answer holds for the digest that the approval had when it was found; who may give it is for the approval itself to
 * say. Of a question `/approve ap-… option` chooses.
 */
export async function answer(
  { store, bundle }: ChatParts,
  command: AnswerCommand,
  { speaker, incident, at }: Omit<Ask, 'incident'> & { readonly incident: IncidentNumber | null },
): Promise<Reply> {
  const found = await store.transaction((tx) => findApproval(tx, incident, command.approval, at))
  if (!found.ok) return refused(...found.lines)
  const { approval } = found
  const chosen = chosenOf(approval, command)
  if (!chosen.ok) return refused(chosen.why)
  const answered = await answerApproval(store, {
    id: approval.id,
    answer: chosen.answer,
    actor: speaker.actor,
    names: namesOf(bundle().team, speaker),
    roles: speaker.roles,
    channel: speaker.channel,
    reason: chosen.reason,
    at,
    digest: approval.digest,
  })
  const what = approval.kind === 'question' ? approval.target : `${approval.action} on ${approval.target}`
  if (!answered.ok) return refused(`${shortId(approval.id)} (${what}): your answer does not count, ${answered.why}`)
  if (answered.status === 'pending')
    return done(`${shortId(approval.id)}: your answer is recorded; ${answered.missing} more needed for ${what}`)
  const verb = approval.options.length > 0 ? `answered "${chosen.answer}"` : answered.status
  const bound = await store.transaction((tx) => boundTo(tx, approval))
  const [, ...rest] = approvalLines({ ...approval, status: 'approved', answers: [] }, bound)
  const inputs = rest.filter((line) => /^ {2}(inputs|bound to)/.test(line))
  return done(`${shortId(approval.id)}: ${verb} by ${speaker.actor}: ${what}`, ...inputs)
}

type Chosen =
  | { readonly ok: true; readonly answer: string; readonly reason: string }
  | { readonly ok: false; readonly why: string }

function chosenOf(approval: Approval, { verb, reason }: AnswerCommand): Chosen {
  const { options, id } = approval
  if (options.length === 0) return { ok: true, answer: verb, reason }
  const ways = options.map((one) => `/approve ${shortId(id)} ${one}`).join(' or ')
  if (verb === 'deny') return { ok: false, why: `${shortId(id)} is a question: write ${ways}` }
  const said = reason.toLowerCase()
  const option = [...options]
    .sort((a, b) => b.length - a.length)
    .find((one) => said === one.toLowerCase() || said.startsWith(`${one.toLowerCase()} `))
  if (option === undefined) return { ok: false, why: `${shortId(id)} is a question: write ${ways}` }
  return { ok: true, answer: option, reason: reason.slice(option.length).trim() }
}
