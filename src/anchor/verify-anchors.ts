import { type AuditReport, type Store, verifyAudit } from '../store/index.ts'
import { type FoundAnchor, readAnchors } from './read-anchors.ts'

/** The audit chain held against its anchors. */
export interface AnchorReport extends AuditReport {
  readonly anchors: {
    readonly count: number
    /** The newest one: commit, head, time in epoch milliseconds. */
    readonly last: { readonly commit: string; readonly head: string; readonly at: number } | null
    /** Entries added since; nothing outside the database says what they were. */
    readonly entriesSince: number
    /** Whether all signatures were checked, against a file of allowed signers. */
    readonly isSigned: boolean
  }
}

/**
 * Walks the tenant's audit chain and holds it against every anchor of the branch: each head must be part of the chain, no
 * anchor may go back, and with allowed signers each commit must be signed by one of them. Needs the database and the
 * repository, no network. Throws when the branch has no anchor of the tenant.
 */
export async function verifyAnchors(
  store: Store,
  place: { readonly repository: string; readonly branch: string; readonly allowedSigners?: string },
): Promise<AnchorReport> {
  const found = await readAnchors(place, store.tenant)
  const newest = found.at(-1)
  if (newest === undefined) throw new Error(`${place.branch} has no anchor of ${store.tenant}`)
  const report = await verifyAudit(
    store,
    found.flatMap(({ anchor }) => (anchor === null ? [] : [anchor.head])),
  )
  const fault = faultOf(found, store.tenant)
  const { anchor, version } = newest
  return {
    ...report,
    broken: report.broken ?? fault,
    anchors: {
      count: found.length,
      last: anchor === null ? null : { commit: version.commit, head: anchor.head, at: anchor.at },
      entriesSince: Math.max(0, report.entries - (anchor?.seq ?? 0)),
      isSigned: place.allowedSigners !== undefined,
    },
  }
}

/** What is wrong with the anchors themselves, at the entry that the faulty one is about. */
function faultOf(found: readonly FoundAnchor[], tenant: string): AuditReport['broken'] {
  let before = 0
  for (const { anchor, version } of found) {
    const commit = version.commit.slice(0, 12)
    if (anchor === null || anchor.tenant !== tenant) return { seq: before, why: `commit ${commit} holds no anchor` }
    if (version.isSigned === false)
      return { seq: anchor.seq, why: `commit ${commit} is not signed by an allowed signer` }
    if (anchor.seq < before)
      return { seq: anchor.seq, why: `commit ${commit} goes back from entry ${before} to ${anchor.seq}` }
    before = anchor.seq
  }
  return null
}
