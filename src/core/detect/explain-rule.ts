import {
  type Document,
  type Event,
  isObject,
  type Json,
  type JsonObject,
  type LogSource,
  type RuleRef,
} from '../model/index.ts'
import { compilerOf, type Explained, explainCondition, explainSearch } from './explain-search.ts'
import { parseCondition } from './sigma/condition.ts'
import { type Binding, bindingsOf, covers, type SourceMapping } from './sigma/log-source.ts'
import { noPlaceholders, type Placeholders } from './sigma/placeholders.ts'
import type { SigmaRule } from './sigma/rule.ts'
import { fieldsOf, holds, type Search } from './sigma/search.ts'
import { type Aliases, View } from './sigma/view.ts'

/** Why a rule fired on an event or did not. */
export interface RuleExplanation {
  readonly rule: { readonly id: string; readonly title: string; readonly ref: RuleRef }
  /** Whether the engine raises a match: the log source applies, and what the rule and its filters say holds. */
  readonly fired: boolean
  readonly logsource: {
    /** As the rule names it. */
    readonly rule: LogSource
    /** What the event carries. */
    readonly event: LogSource
    readonly applies: boolean
    /** What the rule's log source means, one by one, and whether the event is that. */
    readonly meanings: readonly Meaning[]
  }
  readonly conditions: readonly ExplainedCondition[]
  /** Every search of the rule, also those that no condition names. */
  readonly searches: readonly Explained[]
  /** The filters that are for this rule, and whether one keeps this event out. */
  readonly filters: readonly { readonly ref: RuleRef; readonly keepsOut: boolean }[]
}

/** One kind of events that a log source means. */
export interface Meaning {
  /** The line of the pipeline that says so; null when the names mean themselves. */
  readonly ref: RuleRef | null
  readonly given: LogSource
  /** Members of the log source in which the event differs. */
  readonly differs: readonly (keyof LogSource)[]
  /** Fields of a further condition that does not hold; empty when there is none or it holds. */
  readonly unmet: readonly string[]
  readonly applies: boolean
}

/** A condition of the rule as written, with the tree that it means. */
export interface ExplainedCondition {
  readonly text: string
  readonly holds: boolean
  readonly tree: Explained
}

const noAliases: Aliases = new Map()
const members = ['product', 'category', 'service'] as const
const reserved = new Set(['condition', 'timeframe'])

/**
 * Explains a rule, of which `document` is the text, on one event. When the log source does not apply the parts are
 * evaluated all the same, under the event's own names, for that is what one asks then.
 */
export function explainRule(
  rule: SigmaRule,
  document: Document,
  event: Pick<Event, 'logsource' | 'record'>,
  mappings: readonly SourceMapping[],
  placeholders: Placeholders = noPlaceholders,
): RuleExplanation {
  const plain = new View(event.record)
  const bindings = bindingsOf(rule.logsource, mappings)
  const meanings = bindings.map((binding) => meaningOf(binding, event.logsource, plain))
  const reading = bestReading(bindings, meanings, event.record, rule.search)
  const { conditions, searches } = explainDetection(document, { ...reading, placeholders })
  const applies = meanings.some((one) => one.applies)
  return {
    rule: { id: rule.id, title: rule.title, ref: rule.ref },
    fired: applies && holds(rule.search, reading.view),
    logsource: { rule: rule.logsource, event: event.logsource, applies, meanings },
    conditions,
    searches,
    filters: rule.filters.map(({ ref, excludes }) => ({ ref, keepsOut: holds(excludes, reading.view) })),
  }
}

function meaningOf(binding: Binding, given: LogSource, view: View): Meaning {
  const differs = members.filter(
    (member) => binding.given[member] !== undefined && binding.given[member] !== given[member],
  )
  const unmet = binding.when === null || holds(binding.when, view) ? [] : fieldsOf(binding.when)
  return {
    ref: binding.mapping?.ref ?? null,
    given: binding.given,
    differs,
    unmet,
    applies: covers(binding.given, given) && unmet.length === 0,
  }
}

/** The reading that shows most: one in which the rule holds, else the first that applies, else the event's own names. */
function bestReading(bindings: readonly Binding[], meanings: readonly Meaning[], record: JsonObject, search: Search) {
  const applying = bindings
    .filter((_, index) => meanings[index]?.applies === true)
    .map(({ fields }) => ({ view: new View(record, fields), aliases: fields }))
  return (
    applying.find(({ view }) => holds(search, view)) ?? applying[0] ?? { view: new View(record), aliases: noAliases }
  )
}

interface Read {
  readonly view: View
  readonly aliases: Aliases
  readonly placeholders: Placeholders
}

function explainDetection(document: Document, { view, aliases, placeholders }: Read) {
  const detection = document.value.detection
  if (!isObject(detection)) return { conditions: [], searches: [] }
  const compile = compilerOf(document.place, placeholders)
  const compiled = new Map<string, Search>()
  const named = new Map<Search, Explained>()
  for (const [name, raw] of Object.entries(detection)) {
    if (reserved.has(name)) continue
    const search = compile(raw)
    if (search === null) continue
    compiled.set(name, search)
    named.set(search, explainSearch(name, raw, ['detection', name], { view, aliases, compile, place: document.place }))
  }
  const { condition } = detection
  const sources: readonly Json[] = Array.isArray(condition) ? condition : [condition ?? null]
  const conditions = sources.flatMap((text): ExplainedCondition[] => {
    if (typeof text !== 'string') return []
    const tree = explainCondition(parseCondition(text, compiled), named)
    return [{ text, holds: tree.holds, tree }]
  })
  return { conditions, searches: [...named.values()] }
}
