import {
  type Document,
  didYouMean,
  isObject,
  type Json,
  type LogSource,
  type Problem,
  problem,
  type Result,
  type RuleRef,
} from '../../model/index.ts'
import { parseCondition } from './condition.ts'
import { covers } from './log-source.ts'
import { logSourceOf } from './pipeline.ts'
import { noPlaceholders, type Placeholders } from './placeholders.ts'
import { type AppliedFilter, compileDetection, type SigmaRule } from './rule.ts'
import type { Search } from './search.ts'

/** A compiled Sigma filter: what it keeps from which rules (specification, sigma-filters-specification). */
export interface SigmaFilter extends AppliedFilter {
  readonly kind: 'filter'
  readonly logsource: LogSource
  /** Ids or names; `any` = all detection rules of the log source. */
  readonly rules: readonly string[] | 'any'
  readonly document: Document
}

/** Compiles a filter; every problem has its place. */
export function compileFilter(document: Document, placeholders: Placeholders = noPlaceholders): Result<SigmaFilter> {
  const problems: Problem[] = []
  const { id, title, logsource, filter } = document.value
  const fail = (message: string, path: readonly string[], hint?: string) =>
    problems.push(problem('sigma/filter', message, document.place(path), hint))
  if (!isObject(logsource)) fail('a filter needs "logsource": it applies to rules of that log source only', [])
  const search = compileDetection(document, 'filter', placeholders, problems)
  const body = isObject(filter) ? filter : {}
  const rules = rulesOf(body.rules)
  if (rules === null)
    fail(
      '"rules" lists ids or names of detection rules',
      ['filter', 'rules'],
      'or write "rules: any" for all of the log source',
    )
  if (problems.length > 0 || search === null || rules === null) return { ok: false, problems }
  const { condition, rules: _rules, ...searches } = body
  const form = typeof condition === 'string' ? formOf(condition, Object.keys(searches)) : null
  if (typeof condition !== 'string') fail('a filter has one condition, a text', ['filter', 'condition'])
  else if (form === null)
    fail(
      'it cannot be told what the condition keeps out: some searches stand under "not" and some do not',
      ['filter', 'condition'],
      'name what is to be kept out: "condition: selection", or "condition: not selection"',
    )
  if (form === null) return { ok: false, problems }
  const filterId = typeof id === 'string' ? id : document.file
  const name = typeof title === 'string' ? title : filterId
  const ref: RuleRef = { kind: 'filter', id: filterId, title: name, place: document.place(['title']) }
  const excludes = form === 'kept out' ? search : negated(search)
  return { ok: true, value: { kind: 'filter', ref, logsource: logSourceOf(logsource), rules, excludes, document } }
}

function rulesOf(raw: Json | undefined): readonly string[] | 'any' | null {
  if (raw === 'any') return 'any'
  const list: readonly Json[] = Array.isArray(raw) ? raw : []
  return list.length > 0 && list.every((one) => typeof one === 'string') ? list.map(String) : null
}

/**
 * A filter only ever keeps events out. The specification's example names in the condition what is kept out; pySigma
 * joins the condition to the rule's by "and", so that its filters say "not". Both say it plainly; a condition that is
 * neither would mean the opposite to one of them.
 */
function formOf(condition: string, names: readonly string[]): 'kept out' | 'required' | null {
  const leaves = new Map(names.map((name): [string, Search] => [name, { kind: 'or', parts: [] }]))
  const skeleton = parseCondition(condition, leaves)
  if (skeleton.kind === 'not') return 'required'
  const signs = new Set(signsOf(skeleton, new Set(leaves.values()), true))
  if (signs.size !== 1) return null
  return signs.has(true) ? 'kept out' : 'required'
}

function signsOf(search: Search, leaves: ReadonlySet<Search>, sign: boolean): readonly boolean[] {
  if (leaves.has(search) || search.kind === 'atom') return [sign]
  return search.kind === 'not'
    ? signsOf(search.part, leaves, !sign)
    : search.parts.flatMap((part) => signsOf(part, leaves, sign))
}

const negated = (search: Search): Search => (search.kind === 'not' ? search.part : { kind: 'not', part: search })

/**
 * The rules with the filters that name them, in order of the filters' ids. A filter that names a rule which is not there,
 * or is outside its log source, is a problem; one for `any` rule that finds none is a warning.
 */
export function applyFilters(
  rules: readonly SigmaRule[],
  filters: readonly SigmaFilter[],
): { readonly rules: readonly SigmaRule[]; readonly problems: ReadonlyMap<SigmaFilter, readonly Problem[]> } {
  const problems = new Map<SigmaFilter, Problem[]>()
  const applied = new Map<SigmaRule, AppliedFilter[]>()
  const known = new Set(rules.flatMap((rule) => (rule.name === null ? [rule.id] : [rule.id, rule.name])))
  for (const filter of [...filters].sort((a, b) => (a.ref.id < b.ref.id ? -1 : 1))) {
    const found: Problem[] = []
    problems.set(filter, found)
    for (const rule of chosenBy(filter, rules, known, found))
      applied.set(rule, [...(applied.get(rule) ?? []), { ref: filter.ref, excludes: filter.excludes }])
  }
  return { rules: rules.map((rule) => withFilters(rule, applied.get(rule) ?? [])), problems }
}

function chosenBy(
  { document, logsource, rules: wanted }: SigmaFilter,
  rules: readonly SigmaRule[],
  known: ReadonlySet<string>,
  problems: Problem[],
): readonly SigmaRule[] {
  const inside = rules.filter((rule) => covers(logsource, rule.logsource))
  if (wanted === 'any') {
    if (inside.length === 0)
      problems.push({
        ...problem('sigma/filter', 'no detection rule has this log source', document.place(['logsource'])),
        severity: 'warning',
      })
    return inside
  }
  for (const [index, name] of wanted.entries()) {
    const at = document.place(['filter', 'rules', index])
    if (!known.has(name))
      problems.push(problem('sigma/filter', `there is no detection rule "${name}"`, at, didYouMean(name, known)))
    else if (!inside.some((rule) => isNamed(rule, name)))
      problems.push(
        problem(
          'sigma/filter',
          `the rule "${name}" has another log source than the filter`,
          at,
          'a filter applies to rules whose log source has everything that its own names',
        ),
      )
  }
  return inside.filter((rule) => wanted.some((name) => isNamed(rule, name)))
}

const isNamed = (rule: SigmaRule, name: string) => rule.id === name || rule.name === name

function withFilters(rule: SigmaRule, filters: readonly AppliedFilter[]): SigmaRule {
  if (filters.length === 0) return rule
  const parts = filters.map(({ excludes }): Search => ({ kind: 'not', part: excludes }))
  return { ...rule, filters, search: { kind: 'and', parts: [rule.search, ...parts] } }
}
