import { type ConditionProperties, Engine, type NestedCondition, type TopLevelCondition } from 'json-rules-engine'
import {
  didYouMean,
  type Fact,
  isObject,
  type Json,
  type JsonObject,
  type Locate,
  type Place,
  type Problem,
  problem,
  type Result,
  valueAt,
} from '../model/index.ts'
import { operators } from './operators.ts'

/** What a condition decided, and the facts that made the difference. */
export interface ConditionDecision {
  readonly matched: boolean
  readonly facts: readonly Fact[]
}

/** One comparison of a condition, for checks at load. */
export interface Comparison {
  readonly fact: string
  readonly operator: string
  readonly value: Json
  readonly place: Place
}

/** A compiled condition. `paths` are the facts it reads. */
export interface Condition {
  readonly paths: readonly string[]
  /** Every comparison that stands in it. */
  readonly comparisons: readonly Comparison[]
  /** Those that hold whenever the condition does. */
  readonly required: readonly Comparison[]
  decide(facts: JsonObject): Promise<ConditionDecision>
  /** What {@link decide} would say, where that is known from earlier; null where it is not. Costs little: ask first. */
  known(facts: JsonObject): ConditionDecision | null
}

/** Whether a fact exists, and the names to offer for one that does not. */
export type Known = Pick<ReadonlySet<string>, 'has'> & Iterable<string>

const memoSize = 2000
const maxDepth = 8

/**
 * Compiles a condition in the form of json-rules-engine: `all`, `any`, `not` over `{ fact, operator, value }`, where
 * `fact` is a dotted path. A fact that is missing makes its comparison false, `exists: false` aside; nothing is coerced.
 * `known` lists the facts there are, so that a misspelt one is found when content loads.
 */
export function compileCondition(raw: Json, at: Locate, known?: Known): Result<Condition> {
  const problems: Problem[] = []
  const comparisons: (Comparison & { readonly isRequired: boolean })[] = []
  const nested = toNested(raw, [], at, problems, comparisons, known, 0)
  if (nested === null || problems.length > 0) return { ok: false, problems }
  const top = ('all' in nested || 'any' in nested || 'not' in nested ? nested : { all: [nested] }) as TopLevelCondition
  const required = comparisons.filter((one) => one.isRequired)
  return { ok: true, value: { ...conditionOf(top, comparisons), comparisons, required } }
}

/** What one pattern of true and false comparisons comes to: the answer, and which of them made it. */
interface Outcome {
  readonly matched: boolean
  readonly deciding: readonly number[]
  /** The decision that was last made by it: good again while the facts are the same. */
  last: ConditionDecision | null
}

/**
 * The rules engine says which comparisons decide; that follows from which of them hold, so it is asked once for each such
 * pattern. Facts of an incident change with each alert, and what they compare to hardly ever does.
 */
function conditionOf(
  top: TopLevelCondition,
  comparisons: readonly Comparison[],
): Pick<Condition, 'paths' | 'decide' | 'known'> {
  const paths = [...new Set(comparisons.map((one) => one.fact))].sort()
  const tests = comparisons.map(({ fact, operator, value }) => {
    const test = operators.get(operator)?.test ?? (() => false)
    return { fact, value, test: (seen: Json) => (seen === null && operator !== 'exists' ? false : test(seen, value)) }
  })
  const engine = new Engine([], { pathResolver: (facts, path) => valueAt(facts as JsonObject, path) ?? null })
  for (const [name, { test }] of operators) {
    engine.removeOperator(name)
    engine.addOperator<Json, Json>(name, (seen, wanted) =>
      seen === null && name !== 'exists' ? false : test(seen, wanted),
    )
  }
  engine.addRule({ conditions: top, event: { type: 'matched' } })
  const outcomes = new Map<string | number, Outcome>()
  const patternOf = (facts: JsonObject): string | number => {
    let bits = 0
    let text = ''
    for (let index = 0; index < tests.length; index++) {
      const { fact, test } = tests[index] as (typeof tests)[number]
      if (index % 30 === 0 && index > 0) {
        text += `${bits} `
        bits = 0
      }
      bits = (bits << 1) | (test(valueAt(facts, fact) ?? null) ? 1 : 0)
    }
    return text === '' ? bits : text + bits
  }
  const decisionOf = (outcome: Outcome, facts: JsonObject): ConditionDecision => {
    const { matched, deciding, last } = outcome
    if (last?.facts.every((one) => one.value === (valueAt(facts, one.name) ?? null))) return last
    const seen = deciding.map((index) => {
      const name = (tests[index] as (typeof tests)[number]).fact
      return { name, value: valueAt(facts, name) ?? null }
    })
    outcome.last = { matched, facts: seen }
    return outcome.last
  }
  // The engine leaves out what a second run has not come to when the first ends, so that it would not match: one at a time.
  let last: Promise<unknown> = Promise.resolve()
  const run = (facts: JsonObject) => {
    const next = last.then(() => engine.run({ facts }))
    last = next.catch(() => null)
    return next
  }
  const known = (facts: JsonObject) => {
    const outcome = outcomes.get(patternOf(facts))
    return outcome === undefined ? null : decisionOf(outcome, facts)
  }
  return {
    paths,
    known,
    async decide(facts) {
      const before = known(facts)
      if (before !== null) return before
      const { results, failureResults } = await run(facts)
      const matched = results.length > 0
      const conditions = (results[0] ?? failureResults[0])?.conditions as Seen | undefined
      if (conditions === undefined) return { matched, facts: [] }
      const leaves = leavesOf(conditions)
      const indices = deciding(conditions, matched).map((leaf) => leaves.indexOf(leaf))
      const outcome: Outcome = { matched, deciding: indices, last: null }
      if (outcomes.size >= memoSize) outcomes.clear()
      outcomes.set(patternOf(facts), outcome)
      return decisionOf(outcome, facts)
    },
  }
}

interface Seen {
  readonly result?: boolean
  readonly all?: readonly Seen[]
  readonly any?: readonly Seen[]
  readonly not?: Seen
  readonly path?: string
}

/** The comparisons of an evaluated condition, in the order in which they stand in it. */
function leavesOf(node: Seen): readonly Seen[] {
  const children = node.all ?? node.any ?? (node.not === undefined ? [] : [node.not])
  return node.path === undefined ? children.flatMap(leavesOf) : [node]
}

/** The comparisons that agree with the answer of their group: those that matched in a match, those that failed in a failure. */
function deciding(node: Seen, result: boolean): readonly Seen[] {
  if (node.not !== undefined) return deciding(node.not, node.not.result ?? !result)
  const children = node.all ?? node.any
  if (children !== undefined)
    return children.filter((child) => child.result === result).flatMap((child) => deciding(child, result))
  return node.path === undefined ? [] : [node]
}

function toNested(
  raw: Json,
  path: readonly (string | number)[],
  at: Locate,
  problems: Problem[],
  comparisons: (Comparison & { readonly isRequired: boolean })[],
  known: Known | undefined,
  depth: number,
): NestedCondition | null {
  const refuse = (
    message: string,
    where: readonly (string | number)[] = path,
    hint?: string,
    part: 'key' | 'value' = 'value',
  ) => {
    problems.push(problem('condition/form', message, at(where, part), hint))
    return null
  }
  if (!isObject(raw)) return refuse('a condition is a mapping with all, any, not or fact')
  if (depth > maxDepth) return refuse(`conditions nest at most ${maxDepth} deep`)
  const group = (['all', 'any'] as const).find((word) => Object.hasOwn(raw, word))
  if (group !== undefined) {
    const list = raw[group]
    if (Object.keys(raw).length > 1) return refuse(`"${group}" stands alone in its mapping`)
    if (!Array.isArray(list) || list.length === 0) return refuse(`"${group}" takes a list of at least one condition`)
    const children = list.map((child: Json, index: number) =>
      toNested(child, [...path, group, index], at, problems, comparisons, known, depth + 1),
    )
    return children.includes(null) ? null : ({ [group]: children } as unknown as NestedCondition)
  }
  if (Object.hasOwn(raw, 'not')) {
    if (Object.keys(raw).length > 1) return refuse('"not" stands alone in its mapping')
    const child = toNested(raw.not as Json, [...path, 'not'], at, problems, comparisons, known, depth + 1)
    return child === null ? null : ({ not: child } as NestedCondition)
  }
  const unknownKey = Object.keys(raw).find((key) => !['fact', 'operator', 'value'].includes(key))
  if (unknownKey !== undefined)
    return refuse(
      `unknown key "${unknownKey}" in a condition`,
      [...path, unknownKey],
      didYouMean(unknownKey, ['fact', 'operator', 'value', 'all', 'any', 'not']),
      'key',
    )
  const { fact, operator, value } = raw
  if (typeof fact !== 'string' || typeof operator !== 'string' || value === undefined)
    return refuse('a comparison needs fact, operator and value')
  if (known !== undefined && !known.has(fact))
    return refuse(
      `there is no fact "${fact}"`,
      [...path, 'fact'],
      didYouMean(fact, known) ?? `known facts: ${[...known].join(', ')}`,
    )
  const spec = operators.get(operator)
  if (spec === undefined)
    return refuse(
      `there is no operator "${operator}"`,
      [...path, 'operator'],
      didYouMean(operator, operators.keys()) ?? `known operators: ${[...operators.keys()].join(', ')}`,
    )
  if (!spec.accepts(value))
    return refuse(
      `the value does not suit the operator "${operator}"`,
      [...path, 'value'],
      value === null ? 'a missing fact is asked for with operator exists, value false' : undefined,
    )
  const isRequired = path.every((part) => part === 'all' || typeof part === 'number')
  comparisons.push({ fact, operator, value, place: at([...path, 'fact']), isRequired })
  return { fact: 'facts', path: fact, operator, value } as ConditionProperties
}
