import { canonicalJson, type JsonObject, sha256 } from '../core/model/index.ts'
import type { Store, Tx } from './store.ts'

/** Something a person or the machine did. `subject` names what it was done to, e.g. `incident/12`. */
export interface AuditEntry {
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: JsonObject
}

/** What `verifyAudit` found; `broken` says at which entry the chain no longer holds, and why. */
export interface AuditReport {
  readonly entries: number
  readonly head: string
  readonly broken: { readonly seq: number; readonly why: string } | null
}

/** The end of a tenant's chain. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

const genesis = '0'.repeat(64)

function link(
  previous: string,
  tenant: string,
  seq: number,
  row: { at: number; actor: string; action: string; subject: string; details: string },
): string {
  return sha256(JSON.stringify([previous, tenant, seq, row.at, row.actor, row.action, row.subject, row.details]))
}

/**
 * Takes the tenant's turn at the chain until the transaction ends. Whoever also locks other rows takes this first, or two
 * writers may wait for each other.
 */
export async function lockAudit(tx: Tx): Promise<AuditHead> {
  const take = async () => {
    const found = await tx.query<AuditHead>(
      { name: 'lock-audit', text: 'select seq, hash from audit_head where tenant = $1 for update' },
      [tx.tenant],
    )
    return found.rows[0]
  }
  const known = await take()
  if (known !== undefined) return known
  await ensureAudit(tx)
  const head = await take()
  if (head === undefined) throw new Error('the audit chain has no head')
  return head
}

/** Sees to it that the tenant has a chain, which may be empty. */
export async function ensureAudit(tx: Tx): Promise<void> {
  const text = `insert into audit_head (tenant, seq, hash) values ($1, 0, '${genesis}') on conflict do nothing`
  await tx.query({ name: 'ensure-audit', text }, [tx.tenant])
}

/** What PostgreSQL would refuse or change on the way in would make the stored row differ from the one that was hashed. */
const storable = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd')

/** The number and hash of the newest entry; 0 and zeros before the first. */
export async function auditHead(tx: Tx): Promise<{ readonly seq: number; readonly hash: string }> {
  const found = await tx.query<{ seq: number; hash: string }>('select seq, hash from audit_head where tenant = $1', [
    tx.tenant,
  ])
  return found.rows[0] ?? { seq: 0, hash: genesis }
}

/** Appends to the tenant's chain inside the caller's transaction; the head row serialises appenders. */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await appendAudits(tx, [entry], await lockAudit(tx))
}

/** Like {@link appendAudit}, several in this order, in one statement, behind the head that the caller holds; returns the new one. */
export async function appendAudits(tx: Tx, entries: readonly AuditEntry[], head: AuditHead): Promise<AuditHead> {
  if (entries.length === 0) return head
  let { seq, hash } = head
  const rows = entries.map((entry) => {
    const row = {
      at: entry.at,
      actor: storable(entry.actor),
      action: storable(entry.action),
      subject: storable(entry.subject),
      details: canonicalJson(entry.details),
    }
    seq += 1
    hash = link(hash, tx.tenant, seq, row)
    return { ...row, seq, hash }
  })
  void tx.write(
    {
      name: 'append-audit',
      text: `with head as (update audit_head set seq = $2, hash = $3 where tenant = $1)
        insert into audit (tenant, seq, at, actor, action, subject, details, hash)
        select $1, * from unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])`,
    },
    [
      tx.tenant,
      seq,
      hash,
      rows.map((one) => one.seq),
      rows.map((one) => one.at),
      rows.map((one) => one.actor),
      rows.map((one) => one.action),
      rows.map((one) => one.subject),
      rows.map((one) => one.details),
      rows.map((one) => one.hash),
    ],
  )
  return { seq, hash }
}

interface Row {
  readonly seq: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: string
  readonly hash: string
}

/**
 * Walks the tenant's chain and finds any edit, removal or reordering. Somebody with the database owner's rights could
 * rewrite the whole chain: pass earlier heads (`SEQ:HASH`, kept outside the database) to find that too.
 */
export async function verifyAudit(store: Store, expectedHeads: readonly string[] = []): Promise<AuditReport> {
  // Of one moment: an entry that is appended meanwhile must not look like one that was cut off.
  return store.snapshot(async (tx) => {
    let previous = genesis
    let seq = 0
    const unseen = new Set(expectedHeads)
    unseen.delete(`0:${genesis}`)
    const report = (why: string | null, at = seq): AuditReport => ({
      entries: seq,
      head: `${seq}:${previous}`,
      broken: why === null ? null : { seq: at, why },
    })
    for (;;) {
      const page = await tx.query<Row>(
        'select seq, at, actor, action, subject, details, hash from audit where tenant = $1 and seq > $2 order by seq limit 2000',
        [tx.tenant, seq],
      )
      for (const row of page.rows) {
        if (row.seq !== seq + 1) return report(`entries ${seq + 1} to ${row.seq - 1} are missing`, seq + 1)
        if (row.hash !== link(previous, tx.tenant, row.seq, row))
          return report('the entry or its order was changed', row.seq)
        seq = row.seq
        previous = row.hash
        unseen.delete(`${seq}:${previous}`)
      }
      if (page.rowCount === 0) break
    }
    const head = await auditHead(tx)
    if (head.seq > seq) return report(`entries ${seq + 1} to ${head.seq} are missing at the end`, seq + 1)
    if (head.seq !== seq || head.hash !== previous) return report('the head does not fit the last entry')
    const [lost] = unseen
    if (lost !== undefined) return report(`the given head ${lost} is not part of the chain`)
    return report(null)
  })
}
