import type { Store } from '../../src/store/index.ts'

const chunk = 50_000
const dayMs = 86_400_000

/**
 * Fills the tables of alerts and events up to `to` rows with copies of what is stored, under other identities and so much
 * earlier that nothing is grouped with them: a store that has been in use for long, without the hours that takes.
 */
export async function fillWithCopies(store: Store, to: number): Promise<void> {
  const count = async () =>
    (
      await store.transaction((tx) =>
        tx.query<{ n: number }>('select count(*) as n from alert where tenant = $1', [tx.tenant]),
      )
    ).rows[0]?.n ?? 0
  const stored = await count()
  for (let copy = 1, there = stored; there < to; copy++) {
    await store.transaction(async (tx) => {
      const values = [tx.tenant, `-${copy}`, copy * 5 * dayMs, Math.min(chunk, stored, to - there)]
      await tx.query(
        `insert into alert (tenant, id, incident, last_at, severity, doc)
          select tenant, id || $2, 0, last_at - $3::bigint, severity,
            doc || jsonb_build_object('id', id || $2, 'incident', 0, 'lastAt', last_at - $3::bigint)
          from (select * from alert where tenant = $1 and id !~ '-.*-' order by id limit $4::int) a`,
        values,
      )
      await tx.query(
        `insert into event (tenant, id, seq, idx, source, occurred_at, outcome)
          select tenant, id || $2, seq, idx, source, occurred_at - $3::bigint, outcome
          from (select * from event where tenant = $1 and id !~ '-.*-' order by id limit $4::int) e`,
        values,
      )
    })
    there = await count()
  }
}
