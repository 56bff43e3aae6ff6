import { storableJson } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'
import type { Approval } from './read-approvals.ts'

/** A question that is to be put to people, and when to more of them. */
export type QuestionRow = Omit<Approval, 'status' | 'answers' | 'chosen'> & {
  readonly escalateAt: number | null
  readonly escalateTo: readonly string[]
}

/** Writes questions; how many were not there already. */
export async function writeQuestions(tx: Tx, rows: readonly QuestionRow[]): Promise<number> {
  if (rows.length === 0) return 0
  return (await tx.write({ name: 'write-questions', text }, [tx.tenant, storableJson(rows)])).rowCount
}

const text = `insert into approval (tenant, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, asked_at, expires_at,
    kind, options, escalate_at, escalate_to)
  select $1, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, "askedAt", "expiresAt",
    kind, options, "escalateAt", "escalateTo"
  from jsonb_to_recordset($2::jsonb) as r(id text, run text, incident int, path text, digest text, action text, target text, inputs jsonb, why text,
    author text, roles text[], quorum int, "askedAt" bigint, "expiresAt" bigint, kind text, options text[], "escalateAt" bigint, "escalateTo" text[])
  on conflict do nothing`
