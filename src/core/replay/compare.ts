import type { Budget, ContentChange } from '../content/index.ts'
import { exceededBy, noiseOf } from './budget.ts'
import { compareAlerts } from './compare-alerts.ts'
import { compareIncidents } from './compare-incidents.ts'
import { compareResponses } from './compare-responses.ts'
import type { FixtureChange, Plan } from './plan.ts'
import type { Replayed } from './replayed.ts'

const dayMs = 86_400_000
const maxNamed = 1000

/** Compares what two bundles made of one history. */
export function compareReplays(
  before: Replayed,
  after: Replayed,
  content: readonly ContentChange[],
  budget: Budget,
): Plan {
  const span = [before.span, after.span].filter((one) => one !== null)
  const firstAt = Math.min(...span.map(([first]) => first))
  const lastAt = Math.max(...span.map(([, last]) => last))
  const days = span.length === 0 ? 1 : Math.max(1, (lastAt - firstAt) / dayMs)
  const { rules, examples } = compareAlerts(before, after)
  const { pairs, ...incidents } = compareIncidents(before, after)
  const responses = compareResponses(before, after, pairs)
  const noise = noiseOf(before, after, days, budget)
  const fixtures = compareFixtures(before, after)
  const actions = ({ runs }: Replayed) => runs.flatMap((one) => one.effects)
  const asks = (one: Replayed) => actions(one).filter(({ answer }) => answer === 'ask')
  const timeToDetect = timesToDetect(before, after, pairs)
  const totals: Plan['totals'] = {
    incidents: [before.incidents.length, after.incidents.length],
    runs: [before.runs.length, after.runs.length],
    actions: [actions(before).length, actions(after).length],
    approvals: [asks(before).length, asks(after).length],
  }
  const entitiesOf = (one: Replayed) =>
    one.alerts.filter(({ outcome }) => outcome !== 'suppressed').flatMap(({ entities }) => entities)
  const targetsOf = (one: Replayed) =>
    actions(one).flatMap(({ criticality, target }) => (criticality === 'critical' ? [target] : []))
  const isSame =
    rules.length === 0 &&
    responses.length === 0 &&
    fixtures.length === 0 &&
    Object.values(incidents).every((list) => list.length === 0)
  const plan: Omit<Plan, 'exceeded'> = {
    before: { commit: before.commit, digest: before.digest },
    after: { commit: after.commit, digest: after.digest },
    content,
    days,
    counts: { before: before.counts, after: after.counts },
    totals,
    timeToDetect,
    rules,
    noise,
    incidents,
    responses,
    entities: onlyIn(entitiesOf(before), entitiesOf(after)),
    criticalTargets: onlyIn(targetsOf(before), targetsOf(after)),
    fixtures,
    examples,
    omitted: {
      alerts: Math.max(before.omitted.alerts, after.omitted.alerts),
      runs: Math.max(before.omitted.runs, after.omitted.runs),
    },
    faults: { before: before.faults, after: after.faults },
    isSame,
  }
  return { ...plan, exceeded: exceededBy(plan, budget) }
}

/**
 * How long it took to open the incidents that both sides have, from the first event that either side knows of: alerts that
 * come earlier must not make the attack begin earlier.
 */
function timesToDetect(before: Replayed, after: Replayed, pairs: ReadonlyMap<number, number>): Plan['timeToDetect'] {
  const now = new Map(after.incidents.map((one) => [one.number, one]))
  const both = before.incidents.flatMap((one) => {
    const same = now.get(pairs.get(one.number) ?? 0)
    if (same === undefined) return []
    const beganAt = Math.min(one.firstAt, same.firstAt)
    return [[Math.max(0, one.openedAt - beganAt), Math.max(0, same.openedAt - beganAt)] as const]
  })
  const mean = (side: 0 | 1) => Math.round(both.reduce((sum, one) => sum + one[side], 0) / both.length)
  return both.length === 0 ? null : { incidents: both.length, meanMs: [mean(0), mean(1)] }
}

/** What is only on one side, in order and bounded. */
function onlyIn(before: readonly string[], after: readonly string[]) {
  const [old, now] = [new Set(before), new Set(after)]
  const without = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
    [...one]
      .filter((name) => !other.has(name))
      .sort()
      .slice(0, maxNamed)
  return { added: without(now, old), lost: without(old, now) }
}

function compareFixtures(before: Replayed, after: Replayed): readonly FixtureChange[] {
  const keyOf = (one: Replayed['fixtureHits'][number]) => JSON.stringify([one.path, one.kind, one.index, one.rule])
  const [old, now] = [before, after].map((one) => new Set(one.fixtureHits.map(keyOf)))
  const places = new Map([...before.rules, ...after.rules].map(({ id, place }) => [id, place]))
  const changes = (hits: Replayed['fixtureHits'], other: ReadonlySet<string> | undefined, change: 'added' | 'lost') =>
    // A record that stands in both versions of a changed fixture is one.
    [...new Map(hits.map((one) => [keyOf(one), one])).values()]
      .filter((one) => other?.has(keyOf(one)) !== true)
      .map((one) => ({ change, ...one, place: places.get(one.rule) ?? null }))
  return [...changes(after.fixtureHits, old, 'added'), ...changes(before.fixtureHits, now, 'lost')]
}
