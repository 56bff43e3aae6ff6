import { bindingsOf, type SigmaRule, type SourceMapping } from '../detect/index.ts'
import { didYouMean, type LogSource, type Problem, problem } from '../model/index.ts'
import { canGive, type Integration } from '../normalize/index.ts'

/** A log source that rules name, and where its events come from. */
export interface SourceCoverage {
  readonly logsource: LogSource
  /** Rules that name exactly this log source. */
  readonly ruleCount: number
  /** Ids of integrations that can give its events, in order; empty = no source. */
  readonly integrations: readonly string[]
  /** Ids of the pipelines that say so; empty = the events carry the same names. */
  readonly pipelines: readonly string[]
}

/** The log sources of rules with what gives their events: most rules first, then by name. */
export function coverSources(
  rules: readonly Pick<SigmaRule, 'logsource'>[],
  { mappings, integrations }: { mappings: readonly SourceMapping[]; integrations: readonly Integration[] },
): readonly SourceCoverage[] {
  const counts = new Map<string, { logsource: LogSource; ruleCount: number }>()
  for (const { logsource } of rules) {
    const name = nameOf(logsource)
    counts.set(name, { logsource, ruleCount: (counts.get(name)?.ruleCount ?? 0) + 1 })
  }
  return [...counts.values()]
    .map(({ logsource, ruleCount }) => {
      const bindings = bindingsOf(logsource, mappings)
      const givers = bindings.flatMap(({ mapping, given }) =>
        integrations
          .filter((one) => mapping === null || mapping.integration === one.id)
          .filter((one) => one.inbound.some(({ gives }) => canGive(gives, given) && isNamed(gives, given)))
          .map((one) => one.id),
      )
      const pipelines = bindings.flatMap(({ mapping }) => (mapping === null ? [] : [mapping.ref.id]))
      return { logsource, ruleCount, integrations: sorted(givers), pipelines: sorted(pipelines) }
    })
    .sort((a, b) => b.ruleCount - a.ruleCount || (nameOf(a.logsource) < nameOf(b.logsource) ? -1 : 1))
}

/**
 * An integration that copies any word of its records into every member it is asked for gives nothing in particular: one
 * member at least must be a value that its manifest names.
 */
function isNamed(gives: Integration['inbound'][number]['gives'], given: LogSource): boolean {
  return (['product', 'category', 'service'] as const).some(
    (member) => given[member] !== undefined && gives[member] !== null,
  )
}

/** `product/category/service` of a log source, `*` for what it does not name. */
export const nameOf = (logsource: LogSource): string =>
  [logsource.product, logsource.category, logsource.service].map((one) => one ?? '*').join('/')

const sorted = (list: readonly string[]) => [...new Set(list)].sort()

/** Lines of pipelines whose events no integration gives. An integration that is not there at all is a warning. */
export function checkMappings(mappings: readonly SourceMapping[], integrations: readonly Integration[]): Problem[] {
  return mappings.flatMap(({ ref, integration, given }): Problem[] => {
    const found = integrations.find((one) => one.id === integration)
    if (found === undefined) {
      const hint = didYouMean(
        integration,
        integrations.map((one) => one.id),
      )
      const missing = problem('pipeline/no-integration', `there is no integration "${integration}"`, ref.place, hint)
      return [{ ...missing, severity: 'warning' }]
    }
    if (found.inbound.some(({ gives }) => canGive(gives, given))) return []
    const message = `${integration} gives no events of ${nameOf(given)}`
    return [problem('pipeline/no-events', message, ref.place, `see "logsource" in integrations/${integration}`)]
  })
}
