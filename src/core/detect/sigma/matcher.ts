import type { Event, Fact } from '../../model/index.ts'
import { createReadings, type Reading, type SourceMapping } from './log-source.ts'
import { type Plan, plansOf } from './plan.ts'
import type { SigmaRule } from './rule.ts'
import { ValueMemory } from './value-memory.ts'
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

const defaultMemoryBytes = 32 * 1_048_576

/**
 * Compiles rules into one matcher; the indexes of a log source are made when its first event comes. `mappings` are the
 * pipelines' lines; without them a log source means the events that carry the same names. `memoryBytes` bounds what is
 * remembered of values that come again; 0 = nothing is.
 */
export function createMatcher(
  rules: readonly SigmaRule[],
  mappings: readonly SourceMapping[] = [],
  memoryBytes = defaultMemoryBytes,
): Matcher {
  const ordered = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1))
  const readingsOf = createReadings(ordered, mappings)
  const memory = new ValueMemory(memoryBytes)
  const plans = new WeakMap<readonly Reading[], readonly Plan[]>()
  let last: readonly Reading[] | null = null
  let lastPlans: readonly Plan[] = []
  const planned = (readings: readonly Reading[]) => {
    if (readings === last) return lastPlans
    last = readings
    lastPlans = plans.get(readings) ?? plansOf(readings, memory)
    plans.set(readings, lastPlans)
    return lastPlans
  }
  return {
    ruleCount: rules.length,
    match({ logsource, record }) {
      let plain: View | undefined
      let matches: Match[] | undefined
      for (const plan of planned(readingsOf(logsource))) {
        plain ??= new View(record)
        const view = plan.aliases.size === 0 ? plain : new View(record, plan.aliases)
        for (const { rule, facts } of plan.match(view, plain)) {
          matches ??= []
          matches.push({ rule, facts, view })
        }
      }
      if (matches === undefined) return none
      return matches.length > 1 ? inOrder(matches) : matches
    },
  }
}

const none: readonly Match[] = []

/** Matches of several readings as those of one: each rule once, as it was first read, by id. */
function inOrder(matches: readonly Match[]): readonly Match[] {
  const unique = new Map<SigmaRule, Match>()
  for (const match of matches) if (!unique.has(match.rule)) unique.set(match.rule, match)
  return [...unique.values()].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
}
