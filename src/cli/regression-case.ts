import { isObject, type Json, type JsonObject } from '../core/model/index.ts'

/** A rule, events, and how many of them it must fire on: the form of SigmaHQ's regression data, one JSON object a line. */
export interface RegressionCase {
  readonly name: string
  readonly rule: string
  /** Fewer matches fail, more do not (SigmaHQ, tests/regression_tests_runner.py); 1 when the case says null. */
  readonly wanted: number
  readonly events: readonly JsonObject[]
}

/** The case of a line, or what is wrong with it. */
export function parseRegressionCase(line: string): RegressionCase | string {
  let raw: Json
  try {
    raw = JSON.parse(line) as Json
  } catch {
    return 'the line is not JSON'
  }
  if (!isObject(raw)) return 'the line is no object'
  const { case: name, rule_id: rule, match_count: count, events } = raw
  if (typeof rule !== 'string') return '"rule_id" names the rule'
  if (count !== undefined && count !== null && !(typeof count === 'number' && Number.isInteger(count) && count >= 0))
    return '"match_count" is a number or null'
  const records: readonly Json[] = Array.isArray(events) ? events : []
  if (records.length === 0 || !records.every(isObject)) return '"events" lists at least one event'
  return {
    name: typeof name === 'string' ? name : rule,
    rule,
    wanted: typeof count === 'number' ? count : 1,
    events: records.filter(isObject),
  }
}
