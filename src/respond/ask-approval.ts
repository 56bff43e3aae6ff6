import { appendTimeline, storableJson, storableText } from '../cases/index.ts'
import { type ApprovalId, approvalId } from '../core/model/index.ts'
import type { ApprovalTerms } from '../core/policy/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import type { Approval } from './read-approvals.ts'

/** What people are asked. */
export type Question = Omit<Approval, 'id' | 'status' | 'answers' | 'roles' | 'quorum' | 'expiresAt' | 'chosen'>

/** One digest can be asked about once in each way: whether to do it, and whether to overrule its denial. */
export const questionId = (of: Pick<Question, 'kind' | 'digest'>): ApprovalId =>
  approvalId(of.kind === 'break-glass' ? `break-glass ${of.digest}` : of.digest)

const asked: Readonly<Record<Approval['kind'], (of: Question) => string>> = {
  effect: (of) => `asked for approval: ${of.action} on ${of.target}`,
  question: (of) => `asked: ${of.target} (${of.options.join(', ')})`,
  unclear: (of) => `nobody knows whether ${of.action} on ${of.target} was done; asked somebody to look`,
  'break-glass': (of) => `BREAK GLASS: asked to overrule the denial of ${of.action} on ${of.target}: ${of.why}`,
}

/** Asks people. An earlier question of the same step that asked something else is void from here on. */
export async function ask(tx: Tx, question: Question, terms: ApprovalTerms): Promise<ApprovalId> {
  const id = questionId(question)
  await lockStory(tx, [question.incident])
  await tx.query(
    `update approval set status = 'void', settled_at = $5 where tenant = $1 and run = $2 and path = $3 and id <> $4 and kind = $6 and status = 'pending'`,
    [tx.tenant, question.run, question.path, id, question.askedAt, question.kind],
  )
  const inserted = await tx.query(
    `insert into approval (tenant, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, asked_at, expires_at, kind, options, escalate_at, escalate_to)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) on conflict do nothing`,
    [
      tx.tenant,
      id,
      question.run,
      question.incident,
      question.path,
      question.digest,
      question.action,
      storableText(question.target),
      storableJson(question.inputs),
      storableText(question.why),
      question.author,
      [...terms.roles],
      terms.quorum,
      question.askedAt,
      question.askedAt + terms.expiresMs,
      question.kind,
      [...question.options],
      terms.escalate === undefined ? null : question.askedAt + terms.escalate.afterMs,
      [...(terms.escalate?.roles ?? [])],
    ],
  )
  if (inserted.rowCount > 0) {
    await appendAudit(tx, {
      at: question.askedAt,
      actor: 'gitsoc',
      action: `${question.kind === 'break-glass' ? 'break-glass' : 'approval'}.ask`,
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
        sentence: `${asked[question.kind](question)} (${id})`,
      },
    ])
  }
  return id
}
