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

// Where the content is of a commit and nobody could say who wrote what runs, one more person has to agree: of those, one at least is not
// its author. Content that is of no commit has no author to be found, and whoever can change it can change the policies too.
const text = `insert into approval (tenant, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, also, asked_at, expires_at,
    kind, options, escalate_at, escalate_to)
  select $1, id, run, incident, path, digest, action, target, inputs, why, author, roles,
    quorum + case when kind in ('effect', 'break-glass') and exists (select from run o join bundle b on b.tenant = o.tenant and b.digest = o.bundle
      where o.tenant = $1 and o.id = r.run and b.commit ~ '^[0-9a-f]{40,64}$' and not b.authors ? o.playbook) then 1 else 0 end,
    also, "askedAt", "expiresAt",
    kind, options, "escalateAt", "escalateTo"
  from jsonb_to_recordset($2::jsonb) as r(id text, run text, incident int, path text, digest text, action text, target text, inputs jsonb, why text,
    author text, roles text[], quorum int, also jsonb, "askedAt" bigint, "expiresAt" bigint, kind text, options text[], "escalateAt" bigint, "escalateTo" text[])
  on conflict do nothing`
