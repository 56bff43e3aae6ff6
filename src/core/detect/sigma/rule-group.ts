import type { Fact } from '../../model/index.ts'
import { EventMemory } from './event-memory.ts'
import { factsOf } from './facts.ts'
import { Outline } from './outline.ts'
import type { PlannedRule } from './plan.ts'
import type { SigmaRule } from './rule.ts'
import { RuleIndex } from './rule-index.ts'
import { atomsOf, hasKeywords, holds, type Search } from './search.ts'
import type { ValueMemory } from './value-memory.ts'
import type { Aliases, View } from './view.ts'

/** A rule that holds for an event, and why. */
export interface Held {
  readonly rule: SigmaRule
  readonly facts: readonly Fact[]
}

const none: readonly Held[] = []
/** What a rule that held takes in memory, roughly. */
const heldBytes = 500

/** Rules that look at events of one kind: which of them hold. */
export class RuleGroup {
  private readonly index: RuleIndex
  private readonly memory: EventMemory<readonly Held[]>
  private readonly outline: Outline
  private readonly withKeywords: ReadonlySet<PlannedRule>
  /** Whether what the event last asked about came to follows from its outline. */
  private isPlain = true

  /** @param settled a field in which all events have the value that the rules want */
  constructor(rules: readonly PlannedRule[], aliases: Aliases, settled: string | undefined, memory: ValueMemory) {
    this.index = new RuleIndex(rules, aliases, settled, memory)
    this.memory = new EventMemory(memory)
    const names = rules.flatMap(({ rule, when }) => [
      ...namesRead(rule.search).flatMap((name) => [name, ...(aliases.get(name) ?? [])]),
      ...(when === null ? [] : namesRead(when)),
    ])
    this.withKeywords = new Set(rules.filter(usesKeywords))
    this.outline = new Outline(names, this.index.inScalars, this.index.shortestKeyword)
  }

  /** The rules that hold for an event, in order; `plain` shows it under its own names. */
  match(view: View, plain: View): readonly Held[] {
    const { memory, outline } = this
    if (!memory.isWorthwhile() || !outline.take(view.record)) return this.ask(view, plain)
    // Without a keyword in the rest, no rule that looks for keywords is a candidate that was none when this was kept:
    // candidates follow from what stands in the members that are read, and from keywords.
    const known = memory.find(outline)
    if (known !== undefined) return this.restHoldsKeyword() ? this.ask(view, plain) : known
    const held = this.ask(view, plain)
    if (this.isPlain) memory.keep(outline, held, heldBytes * held.length)
    return held
  }

  private ask(view: View, plain: View): readonly Held[] {
    const candidates = this.index.select(view)
    this.isPlain = true
    if (candidates.length === 0) return none
    const held: Held[] = []
    for (const candidate of candidates) {
      const { rule, when } = candidate
      if (this.withKeywords.has(candidate)) this.isPlain = false
      if ((when === null || holds(when, plain)) && holds(rule.search, view))
        held.push({ rule, facts: factsOf(rule.search, view) })
    }
    return held
  }

  private restHoldsKeyword(): boolean {
    const { index } = this
    for (const text of this.outline.rest) if (index.mayHoldKeyword(text)) return true
    return false
  }
}

const usesKeywords = ({ rule, when }: PlannedRule) => hasKeywords(rule.search) || (when !== null && hasKeywords(when))

/** The names of all fields that the search looks at. */
const namesRead = (search: Search) => atomsOf(search).flatMap((atom) => atom.reads)
