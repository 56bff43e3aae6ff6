import {
  type Document,
  didYouMean,
  isObject,
  type Json,
  type Problem,
  problem,
  type Result,
} from '../../model/index.ts'
import { maxEntries } from './correlator.ts'
import { headOf, type RuleHead, type SigmaRule } from './rule.ts'

/** A Sigma correlation of matches in a window of event time. */
export interface CorrelationRule extends RuleHead {
  readonly kind: 'correlation'
  readonly type: 'event_count' | 'value_count'
  /** Ids of the detection rules whose matches are counted. */
  readonly rules: readonly string[]
  readonly groupBy: readonly string[]
  readonly timespanMs: number
  /** Field of `value_count`. */
  readonly field: string | null
  readonly condition: { readonly operator: 'gte' | 'gt' | 'eq'; readonly count: number }
  /** Whether the rules it refers to also raise alerts of their own. */
  readonly generate: boolean
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const types = ['event_count', 'value_count']

/** Compiles a correlation rule against the detection rules it refers to, by id or name. */
export function compileCorrelationRule(document: Document, detections: readonly SigmaRule[]): Result<CorrelationRule> {
  const problems: Problem[] = []
  const raw = document.value.correlation
  const fail = (message: string, path: readonly (string | number)[], hint?: string) =>
    problems.push(problem('sigma/correlation', message, document.place(['correlation', ...path]), hint))
  if (!isObject(raw))
    return {
      ok: false,
      problems: [problem('sigma/correlation', 'a correlation rule needs "correlation"', document.place([]))],
    }
  const type = raw.type
  if (typeof type !== 'string' || !types.includes(type))
    fail(`the type ${JSON.stringify(type ?? null)} is not known`, ['type'], `known: ${types.join(', ')}`)
  const byName = new Map(
    detections.flatMap((rule) => [
      [rule.id, rule.id] as const,
      ...(rule.name === null ? [] : [[rule.name, rule.id] as const]),
    ]),
  )
  const named = listOf(raw.rules)
  const rules = named.map((name, index) => {
    const id = byName.get(name)
    if (id === undefined)
      fail(`there is no detection rule "${name}"`, ['rules', index], didYouMean(name, byName.keys()))
    return id ?? ''
  })
  if (rules.length === 0) fail('"rules" names the detection rules that are counted', ['rules'])
  const timespan = /^(\d{1,4})([smhdw])$/.exec(String(raw.timespan))
  if (timespan === null) fail('"timespan" is a number and a unit, like 10m', ['timespan'])
  const condition = conditionOf(raw.condition)
  if (condition === null) fail('"condition" is one of gte, gt or eq with a positive number', ['condition'])
  if (condition !== null && condition.count >= maxEntries)
    fail(`the condition counts further than a window holds, which is ${maxEntries} matches`, ['condition'])
  const field = isObject(raw.condition) && typeof raw.condition.field === 'string' ? raw.condition.field : null
  if (type === 'value_count' && field === null) fail('"value_count" needs condition.field', ['condition'])
  if (problems.length > 0 || timespan === null || condition === null) return { ok: false, problems }
  return {
    ok: true,
    value: {
      ...headOf(document, 'correlation'),
      kind: 'correlation',
      type: type as CorrelationRule['type'],
      rules,
      groupBy: listOf(raw['group-by']),
      timespanMs: Number(timespan[1]) * (unitMs[timespan[2] as string] as number),
      field,
      condition,
      generate: raw.generate === true,
    },
  }
}

const listOf = (value: Json | undefined): string[] =>
  Array.isArray(value)
    ? (value as readonly Json[]).filter((one) => typeof one === 'string')
    : typeof value === 'string'
      ? [value]
      : []

function conditionOf(raw: Json | undefined): CorrelationRule['condition'] | null {
  if (!isObject(raw)) return null
  const operator = (['gte', 'gt', 'eq'] as const).find((name) => Object.hasOwn(raw, name))
  const count = operator === undefined ? undefined : raw[operator]
  return operator !== undefined && typeof count === 'number' && Number.isInteger(count) && count > 0
    ? { operator, count }
    : null
}
