import { bindingsOf, covers, currentTechnique } from '../../../src/core/detect/index.ts'
import type { LogSource } from '../../../src/core/model/index.ts'
import type { Examined } from './examine.ts'
import type { Owner, RuleSets } from './rule-sets.ts'

/** A rule that fired, as the report shows it. */
export interface Fired {
  readonly id: string
  readonly title: string
  readonly owner: Owner
  readonly count: number
  readonly level: number
  /** Whether one of its techniques is expected, or the parent or a sub-technique of one. */
  readonly named: boolean
}

/** Low and worse: an informational match is telemetry to an analyst, not an alert. */
const lowestAlert = 2

/** Ids in today's numbering; a label of an older ATT&CK release is translated. */
export const current = (ids: readonly string[]): readonly string[] =>
  ids.map((id) => currentTechnique(id) ?? id.toUpperCase())

const parent = (id: string) => id.slice(0, 5)

/** Whether two techniques are the same, or one is a sub-technique of the other. */
export const related = (a: string, b: string): boolean =>
  a === b || (parent(a) === parent(b) && (a.length === 5 || b.length === 5))

/** The alerts of a recording, those that name an expected technique first. */
export function judge(rules: RuleSets, examined: Examined, expected: readonly string[]): readonly Fired[] {
  return [...examined.firings]
    .flatMap(([id, count]): readonly Fired[] => {
      const known = rules.alerting.get(id)
      if (known === undefined || known.rule.severity < lowestAlert) return []
      const named = known.rule.techniques.some((one) => expected.some((other) => related(one, other)))
      return [{ id, title: known.rule.title, owner: known.owner, count, level: known.rule.severity, named }]
    })
    .toSorted((a, b) => Number(b.named) - Number(a.named) || b.level - a.level || b.count - a.count)
}

/** Why nothing of a set named an expected technique. */
export function whyNot(
  rules: RuleSets,
  logsources: readonly LogSource[],
  expected: readonly string[],
  owner: Owner,
): string {
  const candidates = [...rules.alerting.values()].filter(
    (one) => one.owner === owner && one.rule.techniques.some((id) => expected.some((other) => related(id, other))),
  )
  if (candidates.length === 0) return 'no rule names the technique'
  const byId = new Map(rules.bundle.detection.map((rule) => [rule.id, rule]))
  const scopes = candidates.flatMap(({ rule }) =>
    rule.kind === 'detection' ? [rule.logsource] : rule.rules.flatMap((id) => byId.get(id)?.logsource ?? []),
  )
  const seen = scopes.filter((scope) => {
    const bindings = bindingsOf(scope, rules.bundle.mappings)
    return logsources.some((one) => bindings.some((binding) => covers(binding.given, one)))
  })
  if (seen.length > 0) return `${seen.length} rules for it see these log sources, none matched`
  const wanted = [...new Set(scopes.map((one) => one.category ?? one.service ?? one.product ?? ''))].sort()
  return `${scopes.length} rules for it need telemetry that was not recorded: ${wanted.slice(0, 6).join(', ')}`
}
