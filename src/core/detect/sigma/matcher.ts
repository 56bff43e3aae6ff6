import type { Event, Fact } from '../../model/index.ts'
import { createReadings, type Reading, type SourceMapping } from './log-source.ts'
import type { SigmaRule } from './rule.ts'
import { type Atom, holding, holds, type Search } from './search.ts'
import { View } from './view.ts'

/** A rule that fired on an event, with the parts of it that held and what they saw. */
export interface Match {
  readonly rule: SigmaRule
  readonly facts: readonly Fact[]
  /** The event as the rule read it: fields under the names that Sigma has for its log source. */
  readonly view: View
}

/** Stateless: any replica can match any event. */
export interface Matcher {
  readonly ruleCount: number
  match(event: Pick<Event, 'logsource' | 'record'>): readonly Match[]
}

/** The rules of one log source, by the value of the field that tells their events apart. */
interface Plan {
  readonly byField: readonly (readonly [field: string, rules: ReadonlyMap<string, readonly SigmaRule[]>])[]
  readonly always: readonly SigmaRule[]
}

/** Fields that name the kind of an event in the log sources we know, most telling first. */
const discriminators = [
  'eventName',
  'eventType',
  'EventID',
  'operationName',
  'action',
  'rule',
  'event_type',
  'event.action',
  'eventSource',
]
const maxFacts = 12
const maxSeen = 200
const maxTried = 200

/**
 * Compiles rules into one matcher: by log source, then by the value a rule requires in the discriminating field.
 * `mappings` are the pipelines' lines; without them a log source means the events that carry the same names.
 */
export function createMatcher(rules: readonly SigmaRule[], mappings: readonly SourceMapping[] = []): Matcher {
  const readingsOf = createReadings(rules, mappings)
  const plans = new WeakMap<Reading, Plan>()
  const planFor = (reading: Reading): Plan => {
    let plan = plans.get(reading)
    if (plan === undefined) {
      plan = planOf(reading.rules)
      plans.set(reading, plan)
    }
    return plan
  }
  return {
    ruleCount: rules.length,
    match({ logsource, record }) {
      const readings = readingsOf(logsource)
      if (readings.length === 0) return []
      const plain = new View(record)
      const matches = new Map<SigmaRule, Match>()
      for (const reading of readings) {
        if (reading.when !== null && !holds(reading.when, plain)) continue
        const view = reading.aliases.size === 0 ? plain : new View(record, reading.aliases)
        const attempt = (rule: SigmaRule) => {
          if (!matches.has(rule) && holds(rule.search, view))
            matches.set(rule, { rule, facts: factsOf(rule.search, view), view })
        }
        const plan = planFor(reading)
        for (const rule of plan.always) attempt(rule)
        for (const [field, byValue] of plan.byField)
          for (const value of new Set(view.field(field).lower()))
            for (const rule of byValue.get(value) ?? []) attempt(rule)
      }
      return [...matches.values()].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
    },
  }
}

function planOf(rules: readonly SigmaRule[]): Plan {
  const byField = new Map<string, Map<string, SigmaRule[]>>()
  const always: SigmaRule[] = []
  for (const rule of rules) {
    const required = requiredEqualities(rule.search)
    const field = discriminators.find((name) => required.has(name))
    if (field === undefined) {
      always.push(rule)
      continue
    }
    const byValue = byField.get(field) ?? new Map<string, SigmaRule[]>()
    byField.set(field, byValue)
    for (const value of new Set(required.get(field))) byValue.set(value, [...(byValue.get(value) ?? []), rule])
  }
  return { byField: [...byField], always }
}

/** Fields that must equal one of some values for the search to hold at all. */
function requiredEqualities(search: Search): ReadonlyMap<string, readonly string[]> {
  switch (search.kind) {
    case 'atom':
      return new Map(
        search.needs
          .filter((literals) => search.field !== null && literals.every((one) => one.at === 'whole'))
          .map((literals) => [search.field ?? '', literals.map((one) => one.text)]),
      )
    case 'not':
      return new Map()
    case 'and':
      return new Map(search.parts.flatMap((part) => [...requiredEqualities(part)]))
    case 'or': {
      const [first, ...more] = search.parts.map(requiredEqualities)
      if (first === undefined) return new Map()
      const shared = [...first].filter(([field]) => more.every((other) => other.has(field)))
      return new Map(
        shared.map(([field, values]) => [field, [...values, ...more.flatMap((other) => other.get(field) ?? [])]]),
      )
    }
  }
}

function factsOf(search: Search, view: View): Fact[] {
  const seen = new Set<string>()
  const facts: Fact[] = []
  for (const atom of holding(search, view)) {
    if (seen.has(atom.label) || facts.length >= maxFacts) continue
    seen.add(atom.label)
    facts.push({ name: atom.label, value: seenValue(atom, view) })
  }
  return facts
}

/** The value that made the atom hold: of a list, the first element that does on its own. */
function seenValue(atom: Atom, view: View): Fact['value'] {
  if (atom.field === null) return null
  const { values } = view.field(atom.field)
  const field = atom.field
  const holder =
    values.length > 1 ? values.slice(0, maxTried).find((one) => atom.test(new View({ [field]: one }))) : null
  const value = holder ?? values[0]
  return typeof value === 'string' ? value.slice(0, maxSeen) : (value ?? null)
}
