import type { Event, Json } from '../model/index.ts'
import type { Tuning } from './overlay.ts'
import { aggregate } from './sigma/aggregate.ts'
import type { CorrelationRule } from './sigma/correlation-rule.ts'
import { createSigmaState, type Entry, takeSigmaChanges } from './sigma/correlation-state.ts'
import { createCorrelator } from './sigma/correlator.ts'
import type { SourceMapping } from './sigma/log-source.ts'
import { createMatcher, type Match } from './sigma/matcher.ts'
import type { SigmaRule } from './sigma/rule.ts'

/** What an event came to for a correlation: only events on which one of its rules matches have one. */
export interface CorrelationStep {
  /** Ids of its rules that matched; none when the event only moved time on to the end of a window. */
  readonly matched: readonly string[]
  /** `ignored`: the event is too late, or lacks the field that is counted. */
  readonly outcome: 'fires' | 'counted' | 'ignored'
  readonly group: readonly (readonly [field: string, value: string | null])[]
  /** What the window of the group comes to after this event: the number that the condition is asked of. */
  readonly count: number
}

/** Follows one correlation over events in the order in which they came in. */
export interface CorrelationTrace {
  observe(event: Event): CorrelationStep | null
}

/**
 * Starts with empty windows: what happened before the first event given is not known here. What `tuning` withholds is not
 * counted, as in operation.
 */
export function traceCorrelation(
  rule: CorrelationRule,
  detections: readonly SigmaRule[],
  correlations: readonly CorrelationRule[],
  mappings: readonly SourceMapping[],
  tuning: Tuning,
): CorrelationTrace {
  const matcher = createMatcher(detections, mappings)
  // With "generate" none is silent: the hits of all are seen.
  const correlator = createCorrelator(correlations.map((one) => ({ ...one, generate: true })))
  const state = createSigmaState()
  const counted = new Set(rule.rules)
  return {
    observe(event) {
      const matches = matcher.match(event).filter((one) => tuning.tune(one, event).kind === 'kept')
      const hits = correlator.observe(state, event, matches)
      const { upserts } = takeSigmaChanges(state)
      const window = upserts.find(([key]) => ruleOf(key) === rule.id)?.[1]
      const relevant = [...matches, ...hits].filter((one) => counted.has(one.rule.id))
      const hit = hits.find((one) => one.rule.id === rule.id)
      const [first] = relevant
      if (first === undefined && hit === undefined) return null
      return {
        matched: relevant.map((one) => one.rule.id),
        outcome: hit !== undefined ? 'fires' : window === undefined ? 'ignored' : 'counted',
        group: hit?.group ?? (first === undefined ? [] : groupOf(rule, first)),
        count: hit?.count ?? (window === undefined ? 0 : numberOf(rule, window.entries)),
      }
    },
  }
}

function ruleOf(key: string): Json {
  const parts = JSON.parse(key) as Json
  return Array.isArray(parts) ? ((parts as readonly Json[])[0] ?? null) : null
}

function groupOf(rule: CorrelationRule, { rule: { id }, view }: CountedMatch): CorrelationStep['group'] {
  return rule.groupBy.map((field) => {
    const name = rule.aliases.get(field)?.get(id) ?? field
    return [field, view.field(name).lower()[0] ?? null] as const
  })
}

type CountedMatch = Pick<Match, 'view'> & { readonly rule: { readonly id: string } }

/** The window as it is stored: the engine's own entries. */
function numberOf(rule: CorrelationRule, entries: Json | undefined): number {
  const list = (Array.isArray(entries) ? entries : []) as unknown as readonly Entry[]
  return list.length === 0 ? 0 : aggregate(rule, list).number
}
