import { own } from '../../model/index.ts'
import { requiredValues, wholeFields } from './cover.ts'
import type { Reading } from './log-source.ts'
import type { SigmaRule } from './rule.ts'
import { type Held, RuleGroup } from './rule-group.ts'
import type { Search } from './search.ts'
import type { ValueMemory } from './value-memory.ts'
import { type Aliases, type FieldPath, pathOf, type View } from './view.ts'

/** A rule as it reads the events of a log source. */
export interface PlannedRule {
  readonly rule: SigmaRule
  /** What else must hold of the event under its own names. */
  readonly when: Search | null
  /** What must hold for the rule to fire, as far as an index can use it. */
  readonly condition: Search
}

/** One plan for all readings that go by the same names. */
export function plansOf(readings: readonly Reading[], memory: ValueMemory): readonly Plan[] {
  const groups = Map.groupBy(readings, ({ aliases }) => JSON.stringify([...aliases]))
  return [...groups.values()].map((group) => {
    const aliases = (group[0] as Reading).aliases
    const rules = group.flatMap(({ rules, when }) =>
      rules.map((rule): PlannedRule => {
        const joined = when !== null && aliases.size === 0
        return { rule, when, condition: joined ? { kind: 'and', parts: [when, rule.search] } : rule.search }
      }),
    )
    return new Plan(rules, aliases, memory, aliases.size === 0 ? null : gateOf(group))
  })
}

/** A field in which an event must have one of certain values under its own names, or no rule reads it. */
interface Gate {
  readonly path: FieldPath
  readonly values: ReadonlySet<string>
}

/** What all readings have in common in what they ask of an event; null when that names no field. */
function gateOf(readings: readonly Reading[]): Gate | null {
  const parts = readings.flatMap(({ when }) => when ?? [])
  if (parts.length < readings.length) return null
  const any: Search = { kind: 'or', parts }
  const [name] = wholeFields(any)
  const values = name === undefined ? null : requiredValues(any, name)
  return name === undefined || values === null ? null : { path: pathOf(name), values: new Set(values) }
}

/** The field that tells the events of a log source apart, like EventID, and the rules by the values they want there. */
interface Kind {
  readonly path: FieldPath
  readonly wanted: ReadonlyMap<PlannedRule, readonly string[] | null>
  readonly values: ReadonlySet<string>
}

const none: readonly Held[] = []

/** The rules that read an event under the same names: which of them hold for it. Indexes are made when they are first needed. */
export class Plan {
  readonly aliases: Aliases
  private readonly rules: readonly PlannedRule[]
  private readonly memory: ValueMemory
  private readonly kind: Kind | null
  private readonly gate: Gate | null
  private whole: RuleGroup | undefined
  private readonly byValue = new Map<string, RuleGroup>()

  constructor(rules: readonly PlannedRule[], aliases: Aliases, memory: ValueMemory, gate: Gate | null) {
    this.memory = memory
    this.gate = gate
    this.rules = rules
    this.aliases = aliases
    this.kind = kindOf(rules)
  }

  /** The rules that hold for an event, in order: `view` shows it under the plan's names, `plain` under its own. */
  match(view: View, plain: View): readonly Held[] {
    const { gate } = this
    const text = gate === null ? null : oneText(plain, gate.path)
    if (gate !== null && text !== null && !gate.values.has(text)) return none
    return this.groupFor(view).match(view, plain)
  }

  private groupFor(view: View): RuleGroup {
    const { kind } = this
    const text = kind === null ? null : oneText(view, kind.path)
    if (kind === null || text === null) {
      this.whole ??= new RuleGroup(this.rules, this.aliases, undefined, this.memory)
      return this.whole
    }
    // Values that no rule wants are one to us: a sender who makes them up cannot make indexes up.
    const value = kind.values.has(text) ? text : ''
    let group = this.byValue.get(value)
    if (group === undefined) {
      const rules = this.rules.filter((rule) => kind.wanted.get(rule)?.includes(value) ?? true)
      group = new RuleGroup(rules, this.aliases, kind.path.name, this.memory)
      this.byValue.set(value, group)
    }
    return group
  }
}

/** The text of a field in lower case, if it holds just one. */
function oneText(view: View, path: FieldPath): string | null {
  const value = own(view.record, path.name)
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return value.toLowerCase()
  const [text, more] = view.fetch(path).lower()
  return text === undefined || more !== undefined ? null : text
}

/** The field of which most rules want a certain value, if at least half of them do. */
function kindOf(rules: readonly PlannedRule[]): Kind | null {
  const users = new Map<string, number>()
  for (const { condition } of rules)
    for (const field of wholeFields(condition)) users.set(field, (users.get(field) ?? 0) + 1)
  const [name, count] = [...users].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0])
  if (count === 0 || count * 2 < rules.length) return null
  const wanted = new Map(rules.map((rule) => [rule, requiredValues(rule.condition, name)] as const))
  return { path: pathOf(name), wanted, values: new Set([...wanted.values()].flatMap((values) => values ?? [])) }
}
