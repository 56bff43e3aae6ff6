import { appendTimeline, storableText, type TimelineEntry } from '../cases/index.ts'
import { type ApprovalId, approvalId } from '../core/model/index.ts'
import type { ApprovalTerms } from '../core/policy/index.ts'
import { type AuditEntry, appendAudit, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import type { Approval } from './read-approvals.ts'
import type { Round } from './round.ts'
import { type QuestionRow, writeQuestions } from './write-questions.ts'
import { writeVoided } from './write-voided.ts'

/** What people are asked. */
export type Question = Omit<
  Approval,
  'id' | 'status' | 'answers' | 'roles' | 'quorum' | 'also' | 'expiresAt' | 'chosen'
> & {
  /** How often the same was asked before, under other terms or before it was something else for a while. */
  readonly turn?: number
}

/** One digest can be asked about once in each way, and again only after that is void. */
export const questionId = ({ kind, digest, turn = 0 }: Pick<Question, 'kind' | 'digest' | 'turn'>): ApprovalId =>
  approvalId(`${kind === 'break-glass' ? 'break-glass ' : ''}${digest}${turn === 0 ? '' : ` ${turn}`}`)

const asked: Readonly<Record<Approval['kind'], (of: Question) => string>> = {
  effect: (of) => `asked for approval: ${of.action} on ${of.target}`,
  question: (of) => `asked: ${of.target} (${of.options.join(', ')})`,
  unclear: (of) => `nobody knows whether ${of.action} on ${of.target} was done; asked somebody to look`,
  'break-glass': (of) => `BREAK GLASS: asked to overrule the denial of ${of.action} on ${of.target}: ${of.why}`,
}

/** Asks people. An earlier question of the same step that asked something else is void from here on. */
export async function askIn(round: Round, question: Question, terms: ApprovalTerms): Promise<void> {
  const { writes, at } = round
  const approvals = await round.approvals()
  const row = rowOf(question, terms)
  if (approvals.has(row.id)) return
  for (const one of approvals.values()) {
    const isSame = one.run === row.run && one.path === row.path && one.kind === row.kind
    if (isSame && one.status === 'pending') await makeVoid(round, one)
  }
  approvals.set(row.id, { ...row, status: 'pending', chosen: null, answers: [] })
  const run = round.runs.get(row.run)
  if (run !== undefined) {
    run.isAsking = true
    run.hasAsked = true
  }
  writes.questions.push(row)
  writes.audit.push(auditOf(row, at))
  writes.timeline.push(told(row, at))
}

/** What was asked or approved counts for nothing from here on. */
export async function makeVoid(round: Round, approval: Approval): Promise<void> {
  round.writes.voided.add(approval.id)
  ;(await round.approvals()).set(approval.id, { ...approval, status: 'void' })
}

/** Like {@link askIn}, outside of a round. */
export async function ask(tx: Tx, question: Question, terms: ApprovalTerms): Promise<ApprovalId> {
  const row = rowOf(question, terms)
  const at = question.askedAt
  await lockStory(tx, [question.incident])
  const others = await tx.query<{ id: string }>(
    `select id from approval where tenant = $1 and run = $2 and path = $3 and id <> $4 and kind = $5 and status = 'pending'`,
    [tx.tenant, row.run, row.path, row.id, row.kind],
  )
  writeVoided(
    tx,
    at,
    others.rows.map((one) => one.id),
  )
  if ((await writeQuestions(tx, [row])) === 0) return row.id
  await appendAudit(tx, auditOf(row, at))
  await appendTimeline(tx, [told(row, at)])
  return row.id
}

function rowOf(question: Question, terms: ApprovalTerms): QuestionRow {
  const { askedAt } = question
  return {
    ...question,
    id: questionId(question),
    target: storableText(question.target),
    why: storableText(question.why),
    roles: [...terms.roles],
    quorum: terms.quorum,
    also: terms.also ?? [],
    expiresAt: askedAt + terms.expiresMs,
    escalateAt: terms.escalate === undefined ? null : askedAt + terms.escalate.afterMs,
    escalateTo: [...(terms.escalate?.roles ?? [])],
  }
}

const auditOf = ({ id, kind, incident, action, target, digest, why }: QuestionRow, at: number): AuditEntry => ({
  at,
  actor: 'gitsoc',
  action: `${kind === 'break-glass' ? 'break-glass' : 'approval'}.ask`,
  subject: `approval/${id}`,
  details: { incident, action, target, digest, why },
})

const told = (row: QuestionRow, at: number): TimelineEntry => ({
  incident: row.incident,
  at,
  kind: 'approval',
  actor: 'gitsoc',
  sentence: `${asked[row.kind](row)} (${row.id})`,
})
