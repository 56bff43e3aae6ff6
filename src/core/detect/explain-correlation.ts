import type { Event, Json } from '../model/index.ts'
import type { CorrelationRule } from './sigma/correlation-rule.ts'
import { createCorrelator, createSigmaState, takeSigmaChanges } from './sigma/correlator.ts'
import type { SourceMapping } from './sigma/log-source.ts'
import { createMatcher, type Match } from './sigma/matcher.ts'
import type { SigmaRule } from './sigma/rule.ts'

/** What an event came to for a correlation: only events on which one of its rules matches have one. */
export interface CorrelationStep {
  /** Ids of its rules that matched. */
  readonly matched: readonly string[]
  /** `ignored`: the event is too late, or lacks the field that is counted. */
  readonly outcome: 'fires' | 'counted' | 'ignored'
  readonly group: readonly (readonly [field: string, value: string])[]
  /** Matches or values in the window of the group after this event, of those that the condition wants. */
  readonly count: number
}

/** Follows one correlation over events in the order in which they came in. */
export interface CorrelationTrace {
  observe(event: Event): CorrelationStep | null
}

/** Starts with empty windows: what happened before the first event given is not known here. */
export function traceCorrelation(
  rule: CorrelationRule,
  detections: readonly SigmaRule[],
  correlations: readonly CorrelationRule[],
  mappings: readonly SourceMapping[],
): CorrelationTrace {
  const matcher = createMatcher(detections, mappings)
  const correlator = createCorrelator(correlations)
  const state = createSigmaState()
  const counted = new Set(rule.rules)
  return {
    observe(event) {
      const matches = matcher.match(event)
      const hits = correlator.observe(state, event, matches)
      const { upserts } = takeSigmaChanges(state)
      const window = upserts.find(([key]) => ruleOf(key) === rule.id)?.[1]
      const relevant = [...matches, ...hits].filter((one) => counted.has(one.rule.id))
      const hit = hits.find((one) => one.rule.id === rule.id)
      const [first] = relevant
      if (first === undefined) return null
      return {
        matched: relevant.map((one) => one.rule.id),
        outcome: hit !== undefined ? 'fires' : window === undefined ? 'ignored' : 'counted',
        group: hit?.group ?? groupOf(rule, first),
        count: hit?.count ?? (window === undefined ? 0 : sizeOf(rule, window.entries)),
      }
    },
  }
}

function ruleOf(key: string): Json {
  const parts = JSON.parse(key) as Json
  return Array.isArray(parts) ? ((parts as readonly Json[])[0] ?? null) : null
}

function groupOf(rule: CorrelationRule, { view }: Pick<Match, 'view'>): CorrelationStep['group'] {
  return rule.groupBy.map((field) => [field, view.field(field).lower()[0] ?? ''] as const)
}

/** A window holds entries of time, event and value; of values each counts once. */
function sizeOf(rule: CorrelationRule, entries: Json | undefined): number {
  const list: readonly Json[] = Array.isArray(entries) ? entries : []
  if (rule.type === 'event_count') return list.length
  return new Set(list.map((entry) => JSON.stringify(Array.isArray(entry) ? entry[2] : entry))).size
}
