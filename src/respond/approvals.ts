import { appendTimeline } from '../cases/index.ts'
import { type ApprovalId, approvalId, type IncidentNumber, type JsonObject, oneLine } from '../core/model/index.ts'
import type { ApprovalTerms } from '../core/policy/index.ts'
import { appendAudit, type Store, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** An approval as people see it. */
export interface Approval {
  readonly id: ApprovalId
  readonly run: string
  readonly incident: IncidentNumber
  readonly path: string
  readonly digest: string
  readonly action: string
  readonly target: string
  readonly inputs: JsonObject
  readonly why: string
  readonly author: string
  readonly roles: readonly string[]
  readonly quorum: number
  readonly askedAt: number
  readonly expiresAt: number
  readonly status: 'pending' | 'approved' | 'denied' | 'expired' | 'void'
  readonly answers: readonly {
    readonly actor: string
    readonly answer: string
    readonly reason: string
    readonly at: number
  }[]
}

const columns = `id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, asked_at as "askedAt", expires_at as "expiresAt", status,
  (select coalesce(jsonb_agg(jsonb_build_object('actor', a.actor, 'answer', a.answer, 'reason', a.reason, 'at', a.at) order by a.at), '[]') from approval_answer a where a.tenant = approval.tenant and a.approval = approval.id) as answers`

/** Approvals, the ones that wait first. */
export async function listApprovals(tx: Tx, options: { pendingOnly?: boolean } = {}): Promise<readonly Approval[]> {
  const found = await tx.query<Approval>(
    `select ${columns} from approval where tenant = $1 ${options.pendingOnly ? `and status = 'pending'` : ''} order by status = 'pending' desc, asked_at, path limit 200`,
    [tx.tenant],
  )
  return found.rows
}

/** The approval of that id, or null. */
export async function readApproval(tx: Tx, id: string): Promise<Approval | null> {
  return (
    (await tx.query<Approval>(`select ${columns} from approval where tenant = $1 and id = $2`, [tx.tenant, id]))
      .rows[0] ?? null
  )
}

/** Asks people. An earlier question of the same step that asked something else is void from here on. */
export async function ask(
  tx: Tx,
  question: Omit<Approval, 'id' | 'status' | 'answers' | 'roles' | 'quorum' | 'expiresAt'>,
  terms: ApprovalTerms,
): Promise<ApprovalId> {
  const id = approvalId(question.digest)
  await lockStory(tx, [question.incident])
  await tx.query(
    `update approval set status = 'void', settled_at = $5 where tenant = $1 and run = $2 and path = $3 and id <> $4 and status = 'pending'`,
    [tx.tenant, question.run, question.path, id, question.askedAt],
  )
  const inserted = await tx.query(
    `insert into approval (tenant, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, asked_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing`,
    [
      tx.tenant,
      id,
      question.run,
      question.incident,
      question.path,
      question.digest,
      question.action,
      question.target,
      JSON.stringify(question.inputs),
      question.why,
      question.author,
      [...terms.roles],
      terms.quorum,
      question.askedAt,
      question.askedAt + terms.expiresMs,
    ],
  )
  if (inserted.rowCount > 0) {
    await appendAudit(tx, {
      at: question.askedAt,
      actor: 'gitsoc',
      action: 'approval.ask',
      subject: `approval/${id}`,
      details: {
        incident: question.incident,
        action: question.action,
        target: question.target,
        digest: question.digest,
        why: question.why,
      },
    })
    await appendTimeline(tx, [
      {
        incident: question.incident,
        at: question.askedAt,
        kind: 'approval',
        actor: 'gitsoc',
        sentence: `asked for approval: ${question.action} on ${question.target} (${id})`,
      },
    ])
  }
  return id
}

/** A person's answer. */
export interface Answer {
  readonly id: string
  readonly answer: 'approve' | 'deny'
  readonly actor: string
  readonly roles: readonly string[]
  readonly channel: 'cli' | 'http' | 'demo'
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
    if (answer.actor === approval.author) return refused('whoever owns the playbook cannot approve its actions')
    if (!answer.roles.some((role) => approval.roles.includes(role)))
      return refused(`the answer needs one of the roles ${approval.roles.join(', ')}`)
    if (approval.answers.some((one) => one.actor === answer.actor))
      return refused(`${answer.actor} has answered already`)
    await tx.query(
      'insert into approval_answer (tenant, approval, actor, answer, channel, reason, at) values ($1, $2, $3, $4, $5, $6, $7)',
      [tx.tenant, answer.id, answer.actor, answer.answer, answer.channel, answer.reason, answer.at],
    )
    const approvals =
      approval.answers.filter((one) => one.answer === 'approve').length + (answer.answer === 'approve' ? 1 : 0)
    const status = answer.answer === 'deny' ? 'denied' : approvals >= approval.quorum ? 'approved' : 'pending'
    if (status !== 'pending') {
      await tx.query('update approval set status = $3, settled_at = $4 where tenant = $1 and id = $2', [
        tx.tenant,
        answer.id,
        status,
        answer.at,
      ])
      await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
        tx.tenant,
        approval.run,
      ])
    }
    await appendAudit(tx, {
      at: answer.at,
      actor: answer.actor,
      action: `approval.${answer.answer}`,
      subject: `approval/${answer.id}`,
      details: {
        digest: approval.digest,
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
        sentence: `${answer.answer === 'approve' ? 'approved' : 'denied'} ${approval.action} on ${approval.target}${answer.reason === '' ? '' : `: ${answer.reason}`}`,
      },
    ])
    await tx.query(`select pg_notify('gitsoc_runs', $1)`, [tx.tenant])
    return { ok: true, status, missing: Math.max(0, approval.quorum - approvals) } as const
  })
}

const refused = (why: string): Answered => ({ ok: false, why })
const lineOf = (text: string, limit: number) => oneLine(text, limit).toWellFormed()

/** Approvals whose time is over are expired; their runs go on and find them so. */
export async function expireApprovals(tx: Tx, at: number): Promise<void> {
  const due = await tx.query<{ incident: number }>(
    `select distinct incident from approval where tenant = $1 and status = 'pending' and expires_at <= $2`,
    [tx.tenant, at],
  )
  if (due.rowCount === 0) return
  await lockStory(
    tx,
    due.rows.map((one) => one.incident),
  )
  const expired = await tx.query<{ id: string; run: string; incident: number; action: string; target: string }>(
    `update approval set status = 'expired', settled_at = $2 where tenant = $1 and status = 'pending' and expires_at <= $2 returning id, run, incident, action, target`,
    [tx.tenant, at],
  )
  for (const one of expired.rows) {
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
      tx.tenant,
      one.run,
    ])
    await appendAudit(tx, {
      at,
      actor: 'gitsoc',
      action: 'approval.expire',
      subject: `approval/${one.id}`,
      details: { action: one.action, target: one.target },
    })
    await appendTimeline(tx, [
      {
        incident: one.incident,
        at,
        kind: 'approval',
        actor: 'gitsoc',
        sentence: `nobody answered in time: ${one.action} on ${one.target} is not done`,
      },
    ])
  }
}
