import {
  type Document,
  didYouMean,
  isObject,
  type Json,
  type JsonObject,
  type Problem,
  problem,
  type Result,
} from '../../model/index.ts'
import { type Comparison, comparisonsOf, correlationOperators, shapeOf } from './correlation-condition.ts'
import { headOf, type RuleHead, type SigmaRule } from './rule.ts'

/** The types of correlation of the specification (sigma-correlation-rules-specification, "Correlation Types"). */
export const correlationTypes = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
] as const

export type CorrelationType = (typeof correlationTypes)[number]

/** A Sigma correlation of matches in a window of event time. */
export interface CorrelationRule extends RuleHead {
  readonly kind: 'correlation'
  readonly type: CorrelationType
  /** Ids of the detection rules and correlations whose matches are counted, in the order written. */
  readonly rules: readonly string[]
  /** Titles of these rules, by id. */
  readonly titles: ReadonlyMap<string, string>
  readonly groupBy: readonly string[]
  /** By alias, then by rule id: the field that the alias stands for in matches of that rule. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly timespanMs: number
  /** Fields of the `value_` types; several are counted together. */
  readonly fields: readonly string[]
  /** Of `value_percentile`: which percentile (0 to 100); null = the share in percent that each value has. */
  readonly percentile: number | null
  readonly condition: readonly Comparison[]
  /**
   * When the condition is asked: with each match, where once true it stays true as matches are added; else when nothing
   * more can come into the window.
   */
  readonly judged: 'at-match' | 'at-end'
  /** Whether the rules it refers to also raise alerts of their own. */
  readonly generate: boolean
}

/** Matches that one window can hold; a rule that wants to count further does not load. */
export const maxEntries = 5000
const maxRules = 50
const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const known = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate']

/** Compiles a correlation rule against the rules it may refer to, by id or name. */
export function compileCorrelationRule(
  document: Document,
  targets: readonly (SigmaRule | CorrelationRule)[],
): Result<CorrelationRule> {
  const raw = document.value.correlation
  if (!isObject(raw))
    return {
      ok: false,
      problems: [problem('sigma/correlation', 'a correlation rule needs "correlation"', document.place([]))],
    }
  const problems: Problem[] = []
  const fail: Fail = (message, path, hint) =>
    problems.push(problem('sigma/correlation', message, document.place(['correlation', ...path]), hint))
  const stray = Object.keys(raw).find((key) => !known.includes(key))
  if (stray !== undefined) fail(`"${stray}" is not known here`, [stray], didYouMean(stray, known))
  const type = correlationTypes.find((one) => one === raw.type)
  if (type === undefined)
    fail(`the type ${JSON.stringify(raw.type ?? null)} is not known`, ['type'], `known: ${correlationTypes.join(', ')}`)
  const rules = rulesOf(raw, targets, fail)
  if (type?.startsWith('temporal') && rules.length === 1)
    fail(`"${type}" needs two rules at least`, ['rules'], 'to count the matches of one rule: event_count')
  const timespanMs = timespanOf(raw.timespan, fail)
  const groupBy = listOf(raw['group-by'])
  const condition = raw.condition ?? null
  const fields = isObject(condition) ? listOf(condition.field) : []
  if (raw['group-by'] !== undefined && groupBy.length === 0 && !Array.isArray(raw['group-by']))
    fail('"group-by" lists names of fields', ['group-by'])
  const aliases = aliasesOf(raw, rules, [...groupBy, ...fields], fail)
  if (type === undefined || problems.length > 0) return { ok: false, problems }
  const comparisons = conditionOf(type, condition, rules.length, fail)
  const percentile = percentileOf(type, condition, fail)
  checkFields(type, fields, fail)
  const judged = judgedOf(type, comparisons, rules.length)
  if (judged === 'never')
    fail(
      'nothing that a window can count meets this condition',
      ['condition'],
      'a window begins with its first match: a count is 1 at least',
    )
  checkChain(rules, [...groupBy, ...fields], aliases, fail)
  if (problems.length > 0 || judged === 'never') return { ok: false, problems }
  return {
    ok: true,
    value: {
      ...headOf(document, 'correlation'),
      kind: 'correlation',
      type,
      rules: rules.map((rule) => rule.id),
      titles: new Map(rules.map((rule) => [rule.id, rule.title])),
      groupBy,
      aliases,
      timespanMs,
      fields,
      percentile,
      condition: comparisons,
      judged,
      generate: raw.generate === true,
    },
  }
}

type Fail = (message: string, path: readonly (string | number)[], hint?: string) => void
type Target = SigmaRule | CorrelationRule

function rulesOf(raw: JsonObject, targets: readonly Target[], fail: Fail): readonly Target[] {
  const named = listOf(raw.rules)
  if (named.length === 0) fail('"rules" names the detection rules and correlations that are counted', ['rules'])
  if (named.length > maxRules) fail(`"rules" names more than ${maxRules} rules`, ['rules'])
  const byName = Map.groupBy(
    targets.flatMap((rule) =>
      [rule.id, ...(rule.name === null || rule.name === rule.id ? [] : [rule.name])].map((key) => ({ key, rule })),
    ),
    ({ key }) => key,
  )
  const found = named.flatMap((name, index) => {
    const [one, other] = byName.get(name) ?? []
    if (one === undefined) fail(`there is no rule "${name}"`, ['rules', index], didYouMean(name, byName.keys()))
    if (other !== undefined)
      fail(`"${name}" is the name of several rules`, ['rules', index], 'names are unique: refer to the rule by its id')
    return one === undefined || other !== undefined ? [] : [one.rule]
  })
  if (new Set(found).size < found.length) fail('"rules" names a rule twice', ['rules'])
  return found
}

function timespanOf(raw: Json | undefined, fail: Fail): number {
  const found = /^(\d{1,4})([smhdw])$/.exec(String(raw))
  const timespanMs = found === null ? 0 : Number(found[1]) * (unitMs[found[2] as string] ?? 0)
  if (timespanMs === 0)
    fail(
      '"timespan" is a number and a unit: s, m, h or d, like 10m',
      ['timespan'],
      'months and years have no fixed length: write days',
    )
  return timespanMs
}

function aliasesOf(
  raw: JsonObject,
  rules: readonly Target[],
  used: readonly string[],
  fail: Fail,
): CorrelationRule['aliases'] {
  if (raw.aliases !== undefined && !isObject(raw.aliases))
    fail('"aliases" maps each alias to a field of each rule', ['aliases'])
  const names = rules.flatMap((rule) => (rule.name === null ? [rule.id] : [rule.id, rule.name]))
  const aliases = new Map<string, ReadonlyMap<string, string>>()
  for (const [alias, mapping] of Object.entries(isObject(raw.aliases) ? raw.aliases : {})) {
    const byRule = new Map<string, string>()
    for (const [name, field] of Object.entries(isObject(mapping) ? mapping : {})) {
      const rule = rules.find((one) => one.id === name || one.name === name)
      if (rule === undefined) fail(`"rules" has no rule "${name}"`, ['aliases', alias, name], didYouMean(name, names))
      else if (typeof field !== 'string' || field === '')
        fail('an alias stands for the name of a field', ['aliases', alias, name])
      else byRule.set(rule.id, field)
    }
    const missing = rules.find((rule) => !byRule.has(rule.id))
    if (missing !== undefined && used.includes(alias))
      fail(`the alias "${alias}" has no field for the rule "${missing.name ?? missing.id}"`, ['aliases', alias])
    aliases.set(alias, byRule)
  }
  return aliases
}

function conditionOf(type: CorrelationType, raw: Json, ruleCount: number, fail: Fail): readonly Comparison[] {
  const isTemporal = type.startsWith('temporal')
  if (raw === null && isTemporal) return [{ operator: 'gte', value: ruleCount }]
  if (typeof raw === 'string') {
    fail(
      'the condition is a mapping such as { gte: 3 }',
      ['condition'],
      'expressions over rules are not in this version of the specification (2.1.0): chain correlations',
    )
    return []
  }
  const comparisons = comparisonsOf(raw)
  const isCount = isTemporal || type.endsWith('_count')
  const keys = isObject(raw) ? Object.keys(raw) : []
  const allowed: readonly string[] = [
    ...correlationOperators,
    ...(isTemporal || type === 'event_count' ? [] : ['field']),
    ...(type === 'value_percentile' ? ['percentile'] : []),
  ]
  const stray = keys.find((key) => !allowed.includes(key))
  if (stray !== undefined)
    fail(`"${stray}" is not known in the condition of "${type}"`, ['condition', stray], `known: ${allowed.join(', ')}`)
  if (comparisons === null || (comparisons.length === 0 && !isTemporal))
    fail(`"condition" is one or more of ${correlationOperators.join(', ')} with a number`, ['condition'])
  else if (isCount && comparisons.some(({ value }) => !Number.isInteger(value) || value < 0))
    fail('a count is compared with whole numbers', ['condition'])
  else if (isCount && comparisons.some(({ value }) => value >= maxEntries))
    fail(`the condition counts further than a window holds, which is ${maxEntries} matches`, ['condition'])
  return comparisons === null || comparisons.length === 0 ? [{ operator: 'gte', value: ruleCount }] : comparisons
}

function percentileOf(type: CorrelationType, raw: Json, fail: Fail): number | null {
  if (type !== 'value_percentile' || !isObject(raw) || raw.percentile === undefined) return null
  const { percentile } = raw
  if (typeof percentile === 'number' && percentile >= 0 && percentile <= 100) return percentile
  fail('"percentile" is a number from 0 to 100', ['condition', 'percentile'], '50 is the median')
  return null
}

function checkFields(type: CorrelationType, fields: readonly string[], fail: Fail): void {
  if (!type.startsWith('value_')) return
  if (fields.length === 0) fail(`"${type}" needs condition.field`, ['condition'])
  if (fields.length > 1 && type !== 'value_count') fail(`"${type}" takes one field`, ['condition', 'field'])
}

function judgedOf(
  type: CorrelationType,
  condition: readonly Comparison[],
  ruleCount: number,
): CorrelationRule['judged'] | 'never' {
  if (type === 'value_avg' || type === 'value_percentile') return 'at-end'
  if (type === 'value_sum') return condition.every(({ operator }) => operator.startsWith('gt')) ? 'at-match' : 'at-end'
  const shape = shapeOf(condition, type.startsWith('temporal') ? ruleCount : maxEntries)
  return shape === 'never' ? 'never' : shape === 'rising' ? 'at-match' : 'at-end'
}

/** Of a window that is judged at its end only its group is known: what a correlation over it reads must be in there. */
function checkChain(
  rules: readonly Target[],
  used: readonly string[],
  aliases: CorrelationRule['aliases'],
  fail: Fail,
): void {
  for (const [index, rule] of rules.entries()) {
    if (rule.kind !== 'correlation' || rule.judged === 'at-match') continue
    const missing = used
      .map((name) => aliases.get(name)?.get(rule.id) ?? name)
      .find((name) => !rule.groupBy.includes(name))
    if (missing !== undefined)
      fail(
        `"${rule.name ?? rule.id}" is judged at the end of its window and does not tell "${missing}"`,
        ['rules', index],
        'group both by that field',
      )
  }
}

const listOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value)
    ? (value as readonly Json[]).filter((one) => typeof one === 'string')
    : typeof value === 'string'
      ? [value]
      : []
