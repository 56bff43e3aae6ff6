import { formatPlace } from '../model/index.ts'
import type { Example, RuleDifference } from './plan.ts'
import type { Replayed, ReplayedAlert, ReplayedRule } from './replayed.ts'

const maxExamples = 10

/** Alerts by identity, per rule; and the ten most telling of those that differ. */
export function compareAlerts(
  before: Replayed,
  after: Replayed,
): { readonly rules: readonly RuleDifference[]; readonly examples: readonly Example[] } {
  const [old, now] = [byId(before), byId(after)]
  const rules = new Map([...before.rules, ...after.rules].map((rule) => [rule.id, rule]))
  const live = new Set(after.rules.map(({ id }) => id))
  const found: Example[] = []
  const tally = new Map<string, Record<Example['change'], number>>()
  const note = (change: Example['change'], alert: ReplayedAlert, why: string) => {
    const rule = rules.get(alert.rule)
    if (rule === undefined) return
    const line = tally.get(rule.id) ?? { added: 0, lost: 0, silenced: 0, unsilenced: 0 }
    line[change]++
    tally.set(rule.id, line)
    found.push({ change, alert, rule, facts: alert.facts, why })
  }
  for (const alert of now.values()) {
    const known = old.get(alert.id)
    if (known === undefined) {
      if (isHeard(alert)) note('added', alert, addedBecause(rules.get(alert.rule)))
    } else if (isHeard(alert) && !isHeard(known)) note('unsilenced', alert, `before the change: ${known.because}`)
    else if (!isHeard(alert) && isHeard(known)) note('silenced', alert, alert.because)
  }
  for (const alert of old.values())
    if (!now.has(alert.id) && isHeard(alert)) note('lost', alert, lostBecause(rules.get(alert.rule), live))
  const counts = (one: Replayed) => new Map(one.ruleCounts.map(({ rule, alerts }) => [rule, alerts]))
  const [oldCounts, nowCounts] = [counts(before), counts(after)]
  const differences = [...rules.values()].map(
    (rule): RuleDifference => ({
      rule,
      before: oldCounts.get(rule.id) ?? 0,
      after: nowCounts.get(rule.id) ?? 0,
      ...(tally.get(rule.id) ?? { added: 0, lost: 0, silenced: 0, unsilenced: 0 }),
    }),
  )
  return {
    rules: differences
      .filter((one) => one.before !== one.after || weight(one) > 0)
      .sort((a, b) => weight(b) - weight(a) || (a.rule.id < b.rule.id ? -1 : 1)),
    examples: mostChanged(found),
  }
}

const isHeard = ({ outcome }: ReplayedAlert) => outcome !== 'suppressed' && outcome !== 'duplicate'
const byId = (one: Replayed) => new Map(one.alerts.map((alert) => [alert.id, alert]))
const weight = (one: RuleDifference) =>
  one.added + one.lost + one.silenced + one.unsilenced || Math.abs(one.after - one.before)

function addedBecause(rule: ReplayedRule | undefined): string {
  return rule?.place == null ? 'it fires after the change' : `it fires after the change by ${formatPlace(rule.place)}`
}

function lostBecause(rule: ReplayedRule | undefined, live: ReadonlySet<string>): string {
  const place = rule?.place == null ? '' : ` (it stood at ${formatPlace(rule.place)})`
  return rule !== undefined && live.has(rule.id)
    ? `the rule fires elsewhere and no longer here${place}`
    : `the rule fires nowhere in this history any more${place}`
}

/** The worst first, one of each rule and change before the second of any. */
function mostChanged(found: readonly Example[]): readonly Example[] {
  const turns = new Map<string, number>()
  return found
    .toSorted(
      (a, b) => b.alert.severity - a.alert.severity || a.alert.at - b.alert.at || (a.alert.id < b.alert.id ? -1 : 1),
    )
    .map((one) => {
      const key = `${one.rule.id} ${one.change}`
      const turn = turns.get(key) ?? 0
      turns.set(key, turn + 1)
      return { one, turn }
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, maxExamples)
    .map(({ one }) => one)
}
