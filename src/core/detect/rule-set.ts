import { type Document, isObject, type Problem, problem, type Result } from '../model/index.ts'
import { compileCorrelations } from './sigma/correlation-graph.ts'
import type { CorrelationRule } from './sigma/correlation-rule.ts'
import { applyFilters, compileFilter, type SigmaFilter } from './sigma/filter.ts'
import { compilePlaceholders, type Placeholders } from './sigma/placeholders.ts'
import { compileSigmaRule, type SigmaRule } from './sigma/rule.ts'

/** The kinds of Sigma documents, told apart by the member that only they have. */
export type RuleKind = 'detection' | 'correlation' | 'filter' | 'placeholders'

/** A document and what compiling it came to; `rule` is null when it did not compile. */
export interface RuleResult {
  readonly kind: RuleKind
  readonly document: Document
  readonly rule: SigmaRule | CorrelationRule | SigmaFilter | Placeholders | null
  readonly problems: readonly Problem[]
}

/** Sigma documents of any place compiled together, so that correlations and filters find the rules they name. */
export interface RuleSet {
  /** With the filters that apply to them. */
  readonly detections: readonly SigmaRule[]
  readonly correlations: readonly CorrelationRule[]
  readonly filters: readonly SigmaFilter[]
  /** What the documents say that placeholders stand for. */
  readonly placeholders: Placeholders
  /** One for each document that is a rule, in the order given. */
  readonly results: readonly RuleResult[]
}

/**
 * The kind of a Sigma document by the member that says what it does, or null for YAML that is no rule, such as the
 * configuration files that lie among rules.
 */
export function ruleKindOf({ value }: Document): RuleKind | null {
  const has = (member: string) => Object.hasOwn(value, member)
  if (has('correlation')) return 'correlation'
  if (has('filter') && !has('detection')) return 'filter'
  if (has('detection') || has('logsource')) return 'detection'
  return isObject(value.placeholders) ? 'placeholders' : null
}

/**
 * Compiles Sigma documents of any mixture and order. What does not compile is left out of the set and says why in its
 * result; a correlation or filter that needs such a rule does not compile either. Placeholders that documents of the set
 * give values are known to all its rules; of two values for one the later document's holds.
 */
export function compileRuleSet(documents: readonly Document[]): RuleSet {
  const results = new Map<Document, RuleResult>()
  const placeholders: Placeholders = new Map(
    compileAll(documents, 'placeholders', compilePlaceholders, results).flatMap((one) => [...one]),
  )
  const unfiltered = compileAll(documents, 'detection', (one) => compileSigmaRule(one, placeholders), results)
  const filters = compileAll(documents, 'filter', (one) => compileFilter(one, placeholders), results)
  const { rules: detections, problems } = applyFilters(unfiltered, filters)
  for (const [filter, found] of problems)
    if (found.length > 0)
      results.set(filter.document, { kind: 'filter', document: filter.document, rule: filter, problems: found })
  const correlations: CorrelationRule[] = []
  for (const { document, rule, problems: found } of compileCorrelations(
    documents.filter((one) => ruleKindOf(one) === 'correlation'),
    detections,
  )) {
    results.set(document, { kind: 'correlation', document, rule, problems: found })
    if (rule !== null) correlations.push(rule)
  }
  return {
    detections,
    correlations,
    filters,
    placeholders,
    results: documents.flatMap((one) => results.get(one) ?? []),
  }
}

function compileAll<Rule extends NonNullable<RuleResult['rule']>>(
  documents: readonly Document[],
  kind: RuleKind,
  compile: (document: Document) => Result<Rule>,
  results: Map<Document, RuleResult>,
): readonly Rule[] {
  return documents.flatMap((document) => {
    if (ruleKindOf(document) !== kind) return []
    const compiled = guarded(document, compile)
    const rule = compiled.ok ? compiled.value : null
    results.set(document, { kind, document, rule, problems: compiled.ok ? [] : compiled.problems })
    return rule === null ? [] : [rule]
  })
}

/** A fault of ours on one document is a problem of that document, and no reason not to look at the others. */
function guarded<Rule>(document: Document, compile: (document: Document) => Result<Rule>): Result<Rule> {
  try {
    return compile(document)
  } catch (error) {
    const message = `the file could not be compiled: ${(error as Error).message}`
    const hint = 'this is a fault of gitsoc: please report it with the file'
    return { ok: false, problems: [problem('content/internal', message, document.place([]), hint)] }
  }
}
