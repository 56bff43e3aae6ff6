import { type Containment, type ContainmentEntry, type ContainmentFile, readableText } from '../../cases/index.ts'
import { formatPlace, type IncidentNumber, type JsonObject, type Place } from '../../core/model/index.ts'

/** How reality and the file of an incident differ. */
export interface Drift {
  readonly kind:
    | 'expired'
    | 'closed'
    | 'removed'
    | 'until'
    | 'unlisted'
    | 'ended'
    | 'changed'
    | 'by-hand'
    | 'unreadable'
    | 'gone'
  readonly incident: IncidentNumber
  readonly effect: string | null
  readonly action: string
  readonly target: string
  /** What differs, in a sentence. */
  readonly sentence: string
  /** What to do; what `containment apply` does by itself says so. */
  readonly hint: string
  readonly place?: Place
}

/** Why a containment is taken back. */
export type Cause = 'expired' | 'closed' | 'removed'

/** What has to be done so that reality and file are equal. */
export interface Plan {
  readonly undo: readonly { readonly of: Containment; readonly cause: Cause; readonly said: string }[]
  readonly until: readonly { readonly of: Containment; readonly to: number | null; readonly said: string }[]
  readonly drift: readonly Drift[]
  /** Entries that stand for nothing done; they stay in the file. */
  readonly kept: readonly JsonObject[]
  /** Of what holds, the effects whose entries say something else: they stay as they were written. */
  readonly changed: ReadonlySet<string>
  /** What the file said. */
  readonly seen: readonly ContainmentEntry[]
}

const byApply = 'gitsoc containment apply does it'
const utc = (at: number | null) => (at === null ? 'no end' : new Date(at).toISOString())

/**
 * Compares what holds for one incident with its file. Pure. What the file does not know of is missing there
 * because the file is old; what it knows of and does not list was removed by a person. An entry that stands for nothing done never
 * becomes something done. `ended` are effects of the file that were taken back.
 */
export function planContainment(
  incident: IncidentNumber,
  all: readonly Containment[],
  file: ContainmentFile | null,
  ended: ReadonlySet<string>,
  at: number,
): Plan {
  const standing = all.filter((one) => one.undo !== null)
  const byId = new Map(standing.map((one) => [one.effect, one]))
  const final = new Set(all.filter((one) => one.undo === null).map((one) => one.effect))
  const listed = new Map(
    (file?.entries ?? []).flatMap((one) =>
      one.effect !== null && byId.has(one.effect) ? [[one.effect, one] as const] : [],
    ),
  )
  const undo: Plan['undo'][number][] = []
  const until: Plan['until'][number][] = []
  const drift: Drift[] = []
  const kept: JsonObject[] = []
  const changed = new Set<string>()
  const differs = (
    kind: Drift['kind'],
    of: Pick<Containment, 'action' | 'target'>,
    effect: string | null,
    sentence: string,
    hint: string,
    place?: Place,
  ) =>
    drift.push({
      kind,
      incident,
      effect,
      action: of.action,
      target: of.target,
      sentence,
      hint,
      ...(place === undefined ? {} : { place }),
    })
  for (const one of standing) {
    const entry = listed.get(one.effect)
    const isSame = entry !== undefined && entry.action === one.action && entry.target === readableText(one.target)
    const end = isSame && entry.until !== undefined ? entry.until : one.until
    const what = `${one.action} on ${one.target}`
    if (file !== null && entry === undefined && file.covers.has(one.effect)) {
      undo.push({ of: one, cause: 'removed', said: `it was removed from incidents/${incident}/containment.yaml` })
      differs('removed', one, one.effect, `${what} holds, and its entry was removed`, byApply)
      continue
    }
    if (isSame && end !== one.until) {
      const said = `${formatPlace(entry.place)} says until ${utc(end)} instead of ${utc(one.until)}`
      until.push({ of: one, to: end, said })
      differs('until', one, one.effect, `${what}: ${said}`, byApply, entry.place)
    }
    if (entry !== undefined && !isSame) {
      changed.add(one.effect)
      kept.push(entry.raw)
      differs(
        'changed',
        one,
        one.effect,
        `the entry says ${entry.action} on ${entry.target}; done was ${what}`,
        'put back what was done, or remove the entry to take it back',
        entry.place,
      )
    }
    if (one.status === 'closed') {
      undo.push({ of: one, cause: 'closed', said: `incident ${incident} was closed` })
      differs('closed', one, one.effect, `${what} holds, and the incident is closed`, byApply)
    } else if (end !== null && end <= at) {
      undo.push({ of: one, cause: 'expired', said: `its time ended at ${utc(end)}` })
      differs('expired', one, one.effect, `${what} holds, and its time ended at ${utc(end)}`, byApply)
    } else if (entry === undefined) differs('unlisted', one, one.effect, `${what} holds and is in no file`, byApply)
  }
  for (const entry of file?.entries ?? []) {
    if (entry.effect !== null && (byId.has(entry.effect) || final.has(entry.effect))) continue
    if (entry.effect !== null && ended.has(entry.effect)) {
      differs(
        'ended',
        entry,
        entry.effect,
        `${entry.action} on ${entry.target} is listed and was taken back`,
        byApply,
        entry.place,
      )
      continue
    }
    kept.push(entry.raw)
    differs(
      'by-hand',
      entry,
      entry.effect,
      `${entry.action} on ${entry.target} is listed and was never done`,
      doing(entry, incident),
      entry.place,
    )
  }
  return { undo, until, drift, kept, changed, seen: file?.entries ?? [] }
}

const doing = (entry: ContainmentEntry, incident: IncidentNumber) =>
  `adding an entry contains nothing: remove it, or start a playbook that calls ${entry.action}, which asks for approval: gitsoc runs start PLAYBOOK --incident ${incident}`
