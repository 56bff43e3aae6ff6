import { stringify } from 'yaml'
import { parseDocument } from '../content/index.ts'
import { alertRecord, compileSuppression } from '../correlate/index.ts'
import type { AlertGroup, JsonObject, Observable, ObservableType, Verdict } from '../model/index.ts'

/** An alert of the past and what people made of its incident; null where nobody has said. */
export interface JudgedAlert {
  readonly alert: AlertGroup
  readonly verdict: Verdict | null
}

/** A suppression rule that is proposed, and what it would have done. */
export interface Tuning {
  readonly id: string
  readonly rule: string
  /** The file of `rules/suppression`. */
  readonly path: string
  readonly text: string
  /** Alerts of the time looked back over that it would have withheld, by what people made of their incidents. */
  readonly removes: { readonly alerts: number; readonly noise: number; readonly unjudged: number }
}

/** Why no rule is proposed about the alerts of a detection. */
export interface NoTuning {
  readonly rule: string
  readonly why: string
}

export interface TuningParts {
  readonly incident: number
  readonly verdict: Verdict
  readonly owner: string
  /** The alerts of the incident that was closed as noise. */
  readonly noise: readonly AlertGroup[]
  /** All alerts of the time looked back over, those of the incident too. */
  readonly past: readonly JudgedAlert[]
  readonly atLeast: number
  /** `YYYY-MM-DD` from which on the rule is over. */
  readonly expires: string
  readonly lookBackDays: number
}

/** What an attacker cannot choose freely, the most telling first. */
const binding: readonly ObservableType[] = ['host', 'user', 'resource', 'access-key', 'ip']
const maxValues = 3

/**
 * One suppression rule for each detection behind an incident that was closed as noise: bound to the values that all its
 * alerts share, and proposed only where it would have withheld enough alerts and none of a confirmed true positive.
 */
export function proposeTuning(parts: TuningParts): {
  readonly proposed: readonly Tuning[]
  readonly left: readonly NoTuning[]
} {
  const proposed: Tuning[] = []
  const left: NoTuning[] = []
  for (const [rule, alerts] of Map.groupBy(parts.noise, ({ ruleId }) => ruleId)) {
    const found = tuningOf(rule, alerts, parts)
    if ('why' in found) left.push(found)
    else proposed.push(found)
  }
  return { proposed, left }
}

function tuningOf(rule: string, alerts: readonly AlertGroup[], parts: TuningParts): Tuning | NoTuning {
  const [first] = alerts
  const shared = sharedBy(alerts)
  if (first === undefined || shared.length === 0)
    return { rule, why: 'its alerts share no host, user, resource or address that a rule could be bound to' }
  const match: Record<string, string | readonly string[]> = { source: literal(first.source), rule: literal(rule) }
  for (const [name, values] of Map.groupBy(shared, ({ role, type }) => `${role}.${type}`))
    match[name] = values.map(({ value }) => literal(value))
  const id = `incident-${parts.incident}-${slug(rule)}`
  const document = {
    id,
    title: `${first.title} by ${shared.map(({ value }) => value).join(', ')}`.slice(0, 200),
    owner: parts.owner,
    reason: `Incident ${parts.incident} was closed as ${parts.verdict}.`,
    expires: parts.expires,
    match,
  }
  const path = `rules/suppression/${id}.yaml`
  const text = `# yaml-language-server: $schema=suppression.schema.json\n${stringify(document, { lineWidth: 0 })}`
  const parsed = parseDocument(path, text)
  const compiled = parsed.ok ? compileSuppression(parsed.value) : parsed
  if (!compiled.ok) return { rule, why: `the rule would not load: ${compiled.problems[0]?.message ?? ''}` }
  const hits = parts.past.filter(({ alert }) => compiled.value.match.test(recordOf(alert)))
  const count = (list: readonly JudgedAlert[]) => list.reduce((sum, { alert }) => sum + alert.count, 0)
  const confirmed = hits.filter(({ verdict }) => verdict === 'true-positive')
  if (confirmed.length > 0)
    return { rule, why: `it would have withheld ${count(confirmed)} alerts of confirmed true positives as well` }
  if (count(hits) < parts.atLeast)
    return {
      rule,
      why: `it would have withheld ${count(hits)} alerts in ${parts.lookBackDays} days; that is not worth a rule`,
    }
  const noise = hits.filter(({ verdict }) => verdict === 'false-positive' || verdict === 'benign-positive')
  const removes = { alerts: count(hits), noise: count(noise), unjudged: count(hits) - count(noise) }
  return { id, rule, path, text, removes }
}

/** The values that every one of the alerts has, the most telling first. */
function sharedBy(alerts: readonly AlertGroup[]): readonly Observable[] {
  const [first, ...others] = alerts
  if (first === undefined) return []
  const isIn = (one: Observable, { observables }: AlertGroup) =>
    observables.some((other) => other.role === one.role && other.type === one.type && other.value === one.value)
  return first.observables
    .filter((one) => binding.includes(one.type) && others.every((alert) => isIn(one, alert)))
    .sort((a, b) => binding.indexOf(a.type) - binding.indexOf(b.type) || (a.value < b.value ? -1 : 1))
    .slice(0, maxValues)
}

function recordOf(alert: AlertGroup): JsonObject {
  return alertRecord({ ...alert, description: '', details: {}, rule: { id: alert.ruleId } })
}

/** Written by whoever sent the event: a `*` of theirs must not become a wildcard (sigma-rules-specification, "Escaping"). */
const literal = (value: string) => value.replace(/[\\*?]/g, '\\$&')

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
