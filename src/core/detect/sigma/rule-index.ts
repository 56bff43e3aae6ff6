import { Automaton } from './automaton.ts'
import { coverOf, pricesOf, type Watch } from './cover.ts'
import type { PlannedRule } from './plan.ts'
import type { ValueCaches } from './value-cache.ts'
import { type FieldPath, pathOf, type View } from './view.ts'

/** Numbers of rules. */
export type RuleNumbers = readonly number[]

/** The fields of events that are looked through, each in one pass for all literals watched there. */
interface WatchedField {
  readonly path: FieldPath | null
  readonly rulesFor: (text: string) => RuleNumbers
}

/** Tells which of many rules may hold for an event, from the literals they need. */
export class RuleIndex {
  /** Rules that can hold without any literal, and so are looked at for every event. */
  readonly always: RuleNumbers
  private readonly rules: readonly PlannedRule[]
  private readonly fields: readonly WatchedField[]
  private readonly seen: Float64Array
  private round = 0

  /**
   * @param settled a field that needs no watching, for all events have the value that the rules want
   */
  constructor(rules: readonly PlannedRule[], settled: string | undefined, caches: ValueCaches<RuleNumbers>) {
    this.rules = rules
    const price = pricesOf(rules.map((rule) => rule.condition))
    const watches = new Map<string | null, [Watch, number][]>()
    const always: number[] = []
    for (const [rule, { condition }] of rules.entries()) {
      const cover = coverOf(condition, (watch) => (watch.field === settled ? Number.MAX_VALUE : price(watch)))
      if (cover === null || cover.some((watch) => watch.field === settled)) always.push(rule)
      else
        for (const watch of cover) {
          const list = watches.get(watch.field) ?? []
          watches.set(watch.field, list)
          list.push([watch, rule])
        }
    }
    this.always = always
    this.fields = [...watches].map(([field, list]) => ({
      path: field === null ? null : pathOf(field),
      rulesFor: caches.remember(lookThrough(list)),
    }))
    this.seen = new Float64Array(rules.length)
  }

  /** The rules that may hold, in order; all others do not. */
  candidates(view: View): readonly PlannedRule[] {
    const candidates: number[] = []
    this.round++
    this.add(this.always, candidates)
    for (const { path, rulesFor } of this.fields) {
      const texts = path === null ? view.all().texts() : view.peek(path)
      if (typeof texts === 'string') this.add(rulesFor(texts), candidates)
      else for (const text of texts) this.add(rulesFor(text), candidates)
    }
    if (candidates.length > 1) candidates.sort((a, b) => a - b)
    return candidates.map((rule) => this.rules[rule] as PlannedRule)
  }

  private add(rules: RuleNumbers, candidates: number[]): void {
    for (const rule of rules) {
      if (this.seen[rule] === this.round) continue
      this.seen[rule] = this.round
      candidates.push(rule)
    }
  }
}

const none: RuleNumbers = []

function lookThrough(watches: readonly (readonly [Watch, number])[]): (text: string) => RuleNumbers {
  const automaton = new Automaton(watches.map(([{ literal }]) => literal))
  return (text) => {
    const found: number[] = []
    automaton.scan(text, found)
    return found.length === 0 ? none : [...new Set(found.map((index) => watches[index]?.[1] ?? 0))]
  }
}
