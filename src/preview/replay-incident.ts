import { type CaseFile, listIncidents, readCase } from '../cases/index.ts'
import type { SourceFile } from '../core/content/index.ts'
import type { ByHand, Worked } from '../core/correlate/index.ts'
import {
  type AlertId,
  type IncidentNumber,
  isObject,
  type JsonObject,
  oneLine,
  type Problem,
} from '../core/model/index.ts'
import type { PastDecision, Replayed, ReplayedIncident } from '../core/replay/index.ts'
import { type PersonDecision, readDecisions } from '../pipeline/index.ts'
import type { Content } from '../repo/index.ts'
import type { OpenStore } from '../store/index.ts'
import { compareStored, type StoredDifference, type StoredEvent } from './compare-stored.ts'
import { startLockedChild } from './locked-child.ts'
import type { Limits } from './locked-process.ts'
import { readInbox } from './read-inbox.ts'
import { replayInChild } from './replay-in-child.ts'

/** What deciding a stored incident again came to. */
export type ReplayedStory =
  | {
      readonly ok: true
      readonly incident: IncidentNumber
      /** Deliveries from the beginning of the inbox to the last one of the incident. */
      readonly deliveries: number
      /** Commits or digests that decided, in the order of their deliveries. */
      readonly bundles: readonly string[]
      readonly differences: readonly StoredDifference[]
      /** What the inbox does not say and may be behind a difference. */
      readonly notes: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

interface StoredBundle {
  readonly digest: string
  readonly commit: string
  readonly files: readonly SourceFile[]
}

/**
 * Decides again what the inbox holds from its beginning to the last delivery of an incident, each delivery with the bundle
 * that is recorded with it or all with `content`, and compares. Null when there is no such incident. Throws when a
 * bundle that decided is not stored.
 */
export async function replayIncident(
  store: OpenStore,
  number: IncidentNumber,
  options: { readonly content: Content | null; readonly enrichDir: string | null; readonly limits: Limits },
): Promise<ReplayedStory | null> {
  const file = await store.snapshot((tx) => readCase(tx, number))
  if (file === null) return null
  const decisions = await store.snapshot((tx) => readDecisions(tx, Number.MAX_SAFE_INTEGER))
  const related = relatedDecisions(decisions, file.incident.number)
  // A decision about the incident is decided again too, and with it what it was decided on.
  const lastSeq = Math.max(0, ...file.events.map((one) => one.seq), ...related.map((one) => one.afterSeq))
  const recorded = await bundlesUpTo(store, lastSeq)
  const last = recorded.bundles.at(-1)
  if (last === undefined) throw new Error(`incident ${number} has no deliveries in the inbox`)
  const { content, enrichDir } = options
  const main = content ?? last
  const child = startLockedChild(
    {
      tenant: store.tenant,
      commit: main.commit,
      files: main.files,
      before: null,
      fixtures: [],
      enrichDir,
      recorded: file.incident.enrichments,
      decisions: pastDecisions(decisions, related, lastSeq),
      others: content === null ? recorded.bundles : [],
    },
    options.limits,
  )
  const { result } = await replayInChild(
    child,
    readInbox(store, { firstSeq: 1, lastSeq }, content === null ? recorded.digestOf : null),
  )
  if (!result.ok) return result
  return {
    ok: true,
    incident: file.incident.number,
    deliveries: lastSeq,
    bundles: content === null ? recorded.bundles.map(({ commit }) => commit) : [content.commit],
    differences: compareStored(
      file,
      await outcomesOf(store, file),
      result.replayed,
      sameIncident(file, result.replayed),
    ),
    notes: [...(await notesOf(store, decisions)), ...result.replayed.faults.filter((one) => one.startsWith('what '))],
  }
}

/** The incident of the replay that has most of the stored one's alerts. */
function sameIncident({ alerts }: CaseFile, replayed: Replayed): ReplayedIncident | null {
  const wanted = new Set<string>(alerts.map(({ id }) => id))
  const counts = new Map<number, number>()
  for (const one of replayed.alerts)
    if (one.incident !== 0 && wanted.has(one.group)) counts.set(one.incident, (counts.get(one.incident) ?? 0) + 1)
  const [best] = [...counts].sort(([a, m], [b, n]) => n - m || a - b)
  return replayed.incidents.find(({ number }) => number === best?.[0]) ?? null
}

async function bundlesUpTo(store: OpenStore, lastSeq: number) {
  return store.snapshot(async (tx) => {
    const counted = await tx.query<{ seq: number; bundle: string }>(
      'select seq, bundle from delivery_count where tenant = $1 and seq <= $2 order by seq',
      [tx.tenant, lastSeq],
    )
    const digests = [...new Set(counted.rows.map(({ bundle }) => bundle))]
    const found = await tx.query<StoredBundle>(
      'select digest, commit, files from bundle where tenant = $1 and digest = any($2::text[])',
      [tx.tenant, digests],
    )
    const missing = digests.filter((digest) => !found.rows.some((one) => one.digest === digest))
    if (missing.length > 0)
      throw new Error(`the bundle ${missing.map((one) => one.slice(0, 16)).join(', ')} that decided is not stored`)
    const bundles = digests.flatMap((digest) => found.rows.filter((one) => one.digest === digest))
    const bySeq = new Map(counted.rows.map(({ seq, bundle }) => [seq, bundle]))
    return { bundles, digestOf: (seq: number) => bySeq.get(seq) }
  })
}

/** How the events of the incident's deliveries ended. */
async function outcomesOf(store: OpenStore, file: CaseFile): Promise<readonly StoredEvent[]> {
  const seqs = [...new Set(file.events.map(({ seq }) => seq))]
  return store.snapshot(async (tx) => {
    const found = await tx.query<StoredEvent>(
      'select seq, idx as index, outcome from event where tenant = $1 and seq = any($2::bigint[]) order by seq, idx',
      [tx.tenant, seqs],
    )
    return found.rows
  })
}

/** What people decided about an incident and about what came into it or out of it, whenever that was. */
function relatedDecisions(decisions: readonly PersonDecision[], incident: IncidentNumber): readonly PersonDecision[] {
  const related = new Set([incident])
  return decisions
    .toReversed()
    .filter(({ kind, incident: number, doc }) => {
      if (kind === 'work' || !(related.has(number) || related.has(Number(doc.other)))) return false
      related.add(number).add(Number(doc.other))
      return true
    })
    .toReversed()
}

/** The decisions of a replay up to a delivery: all that were taken before it, and behind it those about the incident. */
function pastDecisions(
  decisions: readonly PersonDecision[],
  related: readonly PersonDecision[],
  lastSeq: number,
): readonly PastDecision[] {
  return decisions
    .filter((one) => one.afterSeq < lastSeq || related.includes(one))
    .map(({ afterSeq, kind, doc, actor, reason, bundle, incident }): PastDecision => {
      if (kind === 'work') return { afterSeq, kind, worked: workedFrom(incident, doc) }
      const ids = Array.isArray(doc.alerts) ? doc.alerts : []
      const wish: ByHand =
        kind === 'merge'
          ? { kind, incident, other: Number(doc.other) }
          : { kind, incident, alerts: ids.map((id) => String(id) as AlertId) }
      return { afterSeq, kind: 'hand', wish, actor, reason, bundle }
    })
}

/** Work as it was put on record: written by this program, from the same type. */
const workedFrom = (number: IncidentNumber, doc: JsonObject): Worked => ({ ...(doc as unknown as Worked), number })

/** People's work changes what joins what; of work that was done before it was put on record the moment is not known. */
async function notesOf(store: OpenStore, decisions: readonly PersonDecision[]): Promise<readonly string[]> {
  const all = await store.snapshot((tx) => listIncidents(tx, { limit: 1000 }))
  const ended = all.filter(({ status }) => status === 'resolved' || status === 'closed')
  const closed: CaseFile['incident'][] = []
  for (const one of ended) if (!(await isEndKnown(store, decisions, one.number))) closed.push(one)
  if (closed.length === 0) return []
  const names = closed.slice(0, 5).map(({ number }) => `INC-${number}`)
  return [
    oneLine(
      `people ended ${closed.length} incident${closed.length === 1 ? '' : 's'} (${names.join(', ')}${closed.length > 5 ? ', …' : ''}): alerts that came later opened others live; the replay does not know when that was`,
      400,
    ),
  ]
}

/**
 * Whether it is on record after which delivery people ended an incident. Work from before there was such a record is written
 * down with the next piece of work: then deliveries came between the end and what was said last.
 */
async function isEndKnown(
  store: OpenStore,
  decisions: readonly PersonDecision[],
  number: IncidentNumber,
): Promise<boolean> {
  const first = decisions.find(
    (one) => one.kind === 'work' && one.incident === number && ['resolved', 'closed'].includes(String(one.doc.status)),
  )
  if (first === undefined) return false
  const { resolvedAt, said } = first.doc
  const saidAt = isObject(said) && typeof said.at === 'number' ? said.at : null
  if (typeof resolvedAt !== 'number' || saidAt === null || saidAt <= resolvedAt) return true
  const between = await store.snapshot((tx) =>
    tx.query(
      'select from delivery where tenant = $1 and seq <= $2 and received_at > $3 and received_at <= $4 limit 1',
      [tx.tenant, first.afterSeq, resolvedAt, saidAt],
    ),
  )
  return between.rowCount === 0
}
