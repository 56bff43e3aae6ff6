import type { LogSource, RuleRef } from '../../model/index.ts'
import type { SigmaRule } from './rule.ts'
import type { Search } from './search.ts'
import type { Aliases } from './view.ts'

/** What a log source of Sigma means among the events that an integration gives; one line of a pipeline. */
export interface SourceMapping {
  readonly ref: RuleRef
  /** Id of the integration that gives the events. */
  readonly integration: string
  /** The log source as rules name it. */
  readonly sigma: LogSource
  /** What the events carry. */
  readonly given: LogSource
  /** What else must hold of them. */
  readonly when: Search | null
  /** Under which other names they have the fields that Sigma names. */
  readonly fields: Aliases
}

/** Rules that read the events of a log source in one way: on which condition, and under which names. */
export interface Reading {
  readonly rules: readonly SigmaRule[]
  /** Must hold of the event under its own names, or no rule of this reading applies. */
  readonly when: Search | null
  readonly aliases: Aliases
}

/** Finds the readings of events that carry a log source; asked again for the same, it gives the same objects. */
export type Readings = (given: LogSource) => readonly Reading[]

const members = ['product', 'category', 'service'] as const
const noAliases: Aliases = new Map()
const maxRemembered = 10_000

/**
 * Resolves the log sources of rules once, so that an event pays for one look-up. A log source that a pipeline lists means
 * exactly the events listed there; any other means the events that carry the same names.
 */
export function createReadings(rules: readonly SigmaRule[], mappings: readonly SourceMapping[]): Readings {
  const byName = new Map<string, { rules: SigmaRule[]; bindings: readonly Binding[] }>()
  for (const rule of rules) {
    const name = nameOf(rule.logsource)
    const found = byName.get(name)
    if (found === undefined) byName.set(name, { rules: [rule], bindings: bindingsOf(rule.logsource, mappings) })
    else found.rules.push(rule)
  }
  const groups = [...byName.values()]
  const known = members.map((member) => {
    const names = groups.flatMap((one) => one.bindings.map(({ given }) => given[member] ?? ''))
    return { member, numbers: new Map([...new Set(names)].map((name, index) => [name, index + 1])) }
  })
  const remembered = new Map<number, readonly Reading[]>()
  let last: LogSource | null = null
  let lastReadings: readonly Reading[] = []
  return (given) => {
    const { product, category, service } = given
    if (last !== null && product === last.product && category === last.category && service === last.service)
      return lastReadings
    // Values that no rule and no pipeline names are one to us: a sender who makes them up cannot make readings up.
    let key = 0
    for (const { member, numbers } of known) key = key * (numbers.size + 1) + (numbers.get(given[member] ?? '') ?? 0)
    let readings = remembered.get(key)
    if (readings === undefined) {
      readings = readingsOf(groups, given)
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(key, readings)
    }
    last = given
    lastReadings = readings
    return readings
  }
}

/** What the log source of a rule comes to: events that carry `given` and satisfy `when`, read under `fields`. */
export type Binding = Pick<SourceMapping, 'given' | 'when' | 'fields'> & { readonly mapping: SourceMapping | null }

/** The events that a rule's log source means. */
export function bindingsOf(logsource: LogSource, mappings: readonly SourceMapping[]): readonly Binding[] {
  const wider = mappings.filter(({ sigma }) => covers(sigma, logsource))
  const most = Math.max(0, ...wider.map(({ sigma }) => sizeOf(sigma)))
  if (most > 0)
    return wider
      .filter(({ sigma }) => sizeOf(sigma) === most)
      .flatMap((mapping) => {
        const given = both(mapping.given, except(logsource, mapping.sigma))
        return given === null ? [] : [{ given, when: mapping.when, fields: mapping.fields, mapping }]
      })
  const narrower = mappings.filter(({ sigma }) => covers(logsource, sigma))
  const itself: Binding = { given: logsource, when: null, fields: noAliases, mapping: null }
  return [itself, ...narrower.map((mapping) => ({ ...mapping, mapping }))]
}

/** Whether events that carry `given` have everything that `wanted` names. */
export function covers(wanted: LogSource, given: LogSource): boolean {
  return members.every((member) => wanted[member] === undefined || wanted[member] === given[member])
}

const nameOf = (logsource: LogSource) => members.map((member) => logsource[member] ?? '').join('|')
const sizeOf = (logsource: LogSource) => members.filter((member) => logsource[member] !== undefined).length

function except(logsource: LogSource, other: LogSource): LogSource {
  return Object.fromEntries(
    members.flatMap((member) =>
      logsource[member] === undefined || other[member] !== undefined ? [] : [[member, logsource[member]]],
    ),
  )
}

/** What both ask for; null when they contradict each other. */
function both(one: LogSource, other: LogSource): LogSource | null {
  const merged = { ...one, ...other }
  return covers(one, merged) ? merged : null
}

interface Group {
  readonly rules: readonly SigmaRule[]
  readonly bindings: readonly Binding[]
}

function readingsOf(groups: readonly Group[], given: LogSource): readonly Reading[] {
  const found = new Map<string, { rules: Set<SigmaRule>; when: Search | null; aliases: Aliases }>()
  const conditions = new Map<Search | null, number>([[null, 0]])
  for (const { rules, bindings } of groups) {
    for (const { when, fields } of bindings.filter((binding) => covers(binding.given, given))) {
      if (!conditions.has(when)) conditions.set(when, conditions.size)
      const key = `${conditions.get(when)}|${JSON.stringify([...fields])}`
      const reading = found.get(key) ?? { rules: new Set(), when, aliases: fields }
      found.set(key, reading)
      for (const rule of rules) reading.rules.add(rule)
    }
  }
  return [...found.values()].map(({ rules, when, aliases }) => ({ rules: [...rules], when, aliases }))
}
