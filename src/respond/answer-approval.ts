import { appendTimeline } from '../cases/index.ts'
import { oneLine } from '../core/model/index.ts'
import { type Group, groupsOf } from '../core/policy/index.ts'
import { appendAudit, type Store } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import { type Approval, readApproval } from './read-approvals.ts'
import { selfApproval } from './self-approval.ts'

/** By which way an answer came. */
export type AnswerChannel = 'cli' | 'http' | 'demo' | 'github' | 'slack' | 'pagerduty' | 'console'

/** A person's answer. */
export interface Answer {
  readonly id: string
  /** `approve` or `deny`, or one of the options of a question. */
  readonly answer: string
  readonly actor: string
  readonly roles: readonly string[]
  readonly channel: AnswerChannel
  /** What else the person is called, such as login and mail address: by these the playbook's owner and author are known too. */
  readonly names?: readonly string[]
  readonly reason: string
  readonly at: number
  /** When given, the answer holds only for exactly this digest. */
  readonly digest?: string
}

/** What an answer came to. A refused one changed nothing. */
export type Answered =
  | { readonly ok: true; readonly status: 'approved' | 'denied' | 'pending'; readonly missing: number }
  | { readonly ok: false; readonly why: string }

/**
 * Records a person's answer. The row is locked, so of two channels one comes first and the other is told so. Late,
 * void, repeated and foreign answers are refused.
 */
export async function answerApproval(store: Store, given: Answer): Promise<Answered> {
  const answer = { ...given, actor: lineOf(given.actor, 200), reason: lineOf(given.reason, 2000) }
  if (answer.actor === '') return refused('nobody is named as answering')
  return store.transaction(async (tx) => {
    const asked = await readApproval(tx, answer.id)
    if (asked === null) return refused(`there is no approval ${answer.id}`)
    await lockStory(tx, [asked.incident])
    await tx.query('select from approval where tenant = $1 and id = $2 for update', [tx.tenant, answer.id])
    const approval = (await readApproval(tx, answer.id)) ?? asked
    if (approval.status !== 'pending') return refused(`the approval is ${approval.status} already`)
    if (answer.at >= approval.expiresAt) return refused('the approval has expired')
    if (answer.digest !== undefined && answer.digest !== approval.digest)
      return refused('what is to be done is not what was shown: look again')
    const near = await selfApproval(tx, approval, answer)
    if (near !== null) return refused(near)
    const groups = groupsOf(approval)
    const asking = groups.flatMap((one) => one.roles)
    if (!answer.roles.some((role) => asking.includes(role)))
      return refused(`the answer needs one of the roles ${[...new Set(asking)].join(', ')}`)
    const fault = notAnAnswer(approval, answer.answer)
    if (fault !== null) return refused(fault)
    if (approval.answers.some((one) => one.actor === answer.actor))
      return refused(`${answer.actor} has answered already`)
    await tx.query(
      'insert into approval_answer (tenant, approval, actor, answer, channel, reason, at, roles) values ($1, $2, $3, $4, $5, $6, $7, $8)',
      [tx.tenant, answer.id, answer.actor, answer.answer, answer.channel, answer.reason, answer.at, [...answer.roles]],
    )
    const agree = [...approval.answers, answer].filter((one) => one.answer === answer.answer)
    const missing = missingOf(approval, agree)
    const isChoice = approval.options.length > 0
    const status = !isChoice && answer.answer === 'deny' ? 'denied' : missing === 0 ? 'approved' : 'pending'
    if (status !== 'pending') {
      await tx.query('update approval set status = $3, settled_at = $4, chosen = $5 where tenant = $1 and id = $2', [
        tx.tenant,
        answer.id,
        status,
        answer.at,
        isChoice ? answer.answer : null,
      ])
      await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
        tx.tenant,
        approval.run,
      ])
    }
    await appendAudit(tx, {
      at: answer.at,
      actor: answer.actor,
      action: isChoice ? 'approval.answer' : `${prefix(approval)}.${answer.answer}`,
      subject: `approval/${answer.id}`,
      details: {
        digest: approval.digest,
        answer: answer.answer,
        channel: answer.channel,
        reason: answer.reason,
        action: approval.action,
        target: approval.target,
        inputs: approval.inputs,
      },
    })
    await appendTimeline(tx, [
      {
        incident: approval.incident,
        at: answer.at,
        kind: 'approval',
        actor: answer.actor,
        sentence: `${saidOf(approval, answer.answer)}${answer.reason === '' ? '' : `: ${answer.reason}`}`,
      },
    ])
    await tx.query(`select pg_notify('gitsoc_runs', $1)`, [tx.tenant])
    return { ok: true, status, missing } as const
  })
}

/** How many more have to agree, at least. An answer from before roles were kept counts for the approval's own. */
function missingOf(approval: Approval, agree: readonly Pick<Answer, 'roles'>[]): number {
  const [own, ...also] = groupsOf(approval)
  const lacks = (group: Group | undefined, isOwn: boolean) =>
    group === undefined
      ? 0
      : group.quorum -
        agree.filter(({ roles }) => (isOwn && roles.length === 0) || roles.some((one) => group.roles.includes(one)))
          .length
  return Math.max(0, lacks(own, true), ...also.map((one) => lacks(one, false)))
}

const prefix = (approval: Approval) => (approval.kind === 'break-glass' ? 'break-glass' : 'approval')

function saidOf(approval: Approval, answer: string): string {
  if (approval.kind === 'question') return `answered "${answer}" to: ${approval.target}`
  if (approval.kind === 'unclear') return `said of ${approval.action} on ${approval.target}: ${answer}`
  const verb = answer === 'approve' ? 'approved' : 'denied'
  return `${approval.kind === 'break-glass' ? 'BREAK GLASS: ' : ''}${verb} ${approval.action} on ${approval.target}`
}

function notAnAnswer(approval: Approval, answer: string): string | null {
  if (approval.options.length === 0)
    return answer === 'approve' || answer === 'deny' ? null : 'it is approved or denied, there is nothing to choose'
  return approval.options.includes(answer)
    ? null
    : `the answers to "${oneLine(approval.target, 100)}" are ${approval.options.join(', ')}: gitsoc answer ${approval.id} ${approval.options[0]}`
}

const refused = (why: string): Answered => ({ ok: false, why })
const lineOf = (text: string, limit: number) => oneLine(text, limit).toWellFormed()
