import type { DetectionMoved, IncidentChanged, Regrouped } from './plan.ts'
import type { Replayed, ReplayedIncident } from './replayed.ts'

export interface IncidentComparison {
  readonly added: readonly ReplayedIncident[]
  readonly lost: readonly ReplayedIncident[]
  readonly regrouped: readonly Regrouped[]
  readonly changed: readonly IncidentChanged[]
  readonly moved: readonly DetectionMoved[]
  /** Numbers of incidents that are the same: before to after. */
  readonly pairs: ReadonlyMap<number, number>
}

/** Matches incidents by the alerts that they have in common: numbers say nothing, they are only an order. */
export function compareIncidents(before: Replayed, after: Replayed): IncidentComparison {
  const shared = sharedAlerts(before.incidents, after.incidents)
  const [old, now] = [numbered(before), numbered(after)]
  const pairs = pair(shared)
  const paired = new Set(pairs.values())
  const regrouped: Regrouped[] = []
  const [intoOf, fromOf] = [neighbours(shared, 0), neighbours(shared, 1)]
  for (const [number, others] of intoOf)
    if (others.length > 1)
      regrouped.push({ change: 'split', one: get(old, number), several: others.map((n) => get(now, n)) })
  for (const [number, others] of fromOf)
    if (others.length > 1)
      regrouped.push({ change: 'merged', one: get(now, number), several: others.map((n) => get(old, n)) })
  const same = [...pairs].map(([a, b]) => ({ before: get(old, a), after: get(now, b) }))
  return {
    added: after.incidents.filter(({ number }) => !paired.has(number) && !fromOf.has(number)),
    lost: before.incidents.filter(({ number }) => !pairs.has(number) && !intoOf.has(number)),
    regrouped,
    changed: same
      .filter(({ before: a, after: b }) => a.severity !== b.severity || a.score !== b.score)
      .map(({ before: a, after: b }) => ({ before: brief(a), after: brief(b), reasons: reasonsOf(a, b) })),
    moved: same
      .filter(({ before: a, after: b }) => a.openedAt !== b.openedAt)
      .map(({ before: a, after: b }) => ({ before: brief(a), after: brief(b), byMs: b.openedAt - a.openedAt })),
    pairs,
  }
}

type Shared = readonly { readonly before: number; readonly after: number; readonly count: number }[]

function sharedAlerts(before: readonly ReplayedIncident[], after: readonly ReplayedIncident[]): Shared {
  const home = new Map(before.flatMap(({ number, alerts }) => alerts.map((id) => [id, number] as const)))
  const found: { before: number; after: number; count: number }[] = []
  for (const { number, alerts } of after) {
    const counts = new Map<number, number>()
    for (const id of alerts) {
      const other = home.get(id)
      if (other !== undefined) counts.set(other, (counts.get(other) ?? 0) + 1)
    }
    for (const [other, count] of counts) found.push({ before: other, after: number, count })
  }
  return found
}

/** One to one, those with most alerts in common first. */
function pair(shared: Shared): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>()
  const taken = new Set<number>()
  for (const one of shared.toSorted((a, b) => b.count - a.count || a.before - b.before || a.after - b.after)) {
    if (pairs.has(one.before) || taken.has(one.after)) continue
    pairs.set(one.before, one.after)
    taken.add(one.after)
  }
  return pairs
}

/** For each incident of one side those of the other that share alerts with it. */
function neighbours(shared: Shared, side: 0 | 1): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  for (const { before, after } of shared) {
    const [key, other] = side === 0 ? [before, after] : [after, before]
    const list = found.get(key) ?? []
    list.push(other)
    found.set(key, list)
  }
  for (const list of found.values()) list.sort((a, b) => a - b)
  return new Map([...found].sort(([a], [b]) => a - b))
}

const numbered = (one: Replayed) => new Map(one.incidents.map((incident) => [incident.number, incident]))

function get(map: ReadonlyMap<number, ReplayedIncident>, number: number): ReplayedIncident {
  const found = map.get(number)
  if (found === undefined) throw new Error(`there is no incident ${number} in what was replayed`)
  return found
}

const brief = ({ number, title, severity, score }: ReplayedIncident) => ({ number, title, severity, score })

/** Which parts of the score came, went or weigh otherwise. */
function reasonsOf(before: ReplayedIncident, after: ReplayedIncident): readonly string[] {
  const pointsOf = (one: ReplayedIncident) => new Map(one.contributions.map((part) => [part.name, part]))
  const [old, now] = [pointsOf(before), pointsOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name) => {
    const [a, b] = [old.get(name), now.get(name)]
    if (a?.points === b?.points) return []
    const rule = (b ?? a)?.rule ?? ''
    return [`${name} ${signed(a?.points ?? 0)} to ${signed(b?.points ?? 0)} (${rule})`]
  })
}

const signed = (points: number) => `${points >= 0 ? '+' : ''}${points}`
