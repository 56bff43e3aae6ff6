import type { Document, Problem, Result } from '../model/index.ts'
import { type CorrelationRule, compileCorrelationRule } from './sigma/correlation-rule.ts'
import { compileSigmaRule, type SigmaRule } from './sigma/rule.ts'

/** The kinds of Sigma documents, told apart by the member that only they have. */
export type RuleKind = 'detection' | 'correlation'

/** A document and what compiling it came to; `rule` is null when it did not compile. */
export interface RuleResult {
  readonly kind: RuleKind
  readonly document: Document
  readonly rule: SigmaRule | CorrelationRule | null
  readonly problems: readonly Problem[]
}

/** Sigma documents of any place compiled together, so that correlations find the rules they count. */
export interface RuleSet {
  readonly detections: readonly SigmaRule[]
  readonly correlations: readonly CorrelationRule[]
  /** One for each document that is a rule, in the order given. */
  readonly results: readonly RuleResult[]
}

/**
 * The kind of a Sigma document by the member that says what it does, or null for YAML that is no rule, such as the
 * configuration files that lie among rules.
 */
export function ruleKindOf({ value }: Document): RuleKind | null {
  if (Object.hasOwn(value, 'correlation')) return 'correlation'
  return Object.hasOwn(value, 'detection') || Object.hasOwn(value, 'logsource') ? 'detection' : null
}

/**
 * Compiles Sigma documents of any mixture and order. What does not compile is left out of the set and says why in its
 * result; a correlation that needs such a rule does not compile either.
 */
export function compileRuleSet(documents: readonly Document[]): RuleSet {
  const results = new Map<Document, RuleResult>()
  const detections = compileAll(documents, 'detection', compileSigmaRule, results)
  const correlations = compileAll(
    documents,
    'correlation',
    (document) => compileCorrelationRule(document, detections),
    results,
  )
  return { detections, correlations, results: documents.flatMap((one) => results.get(one) ?? []) }
}

function compileAll<Rule extends SigmaRule | CorrelationRule>(
  documents: readonly Document[],
  kind: RuleKind,
  compile: (document: Document) => Result<Rule>,
  results: Map<Document, RuleResult>,
): readonly Rule[] {
  return documents.flatMap((document) => {
    if (ruleKindOf(document) !== kind) return []
    const compiled = compile(document)
    const rule = compiled.ok ? compiled.value : null
    results.set(document, { kind, document, rule, problems: compiled.ok ? [] : compiled.problems })
    return rule === null ? [] : [rule]
  })
}
