import { type Document, isObject, type Json, type Problem, problem } from '../../model/index.ts'
import { type CorrelationRule, compileCorrelationRule } from './correlation-rule.ts'
import type { SigmaRule } from './rule.ts'

/** A correlation document and what compiling it came to. */
export interface CompiledCorrelation {
  readonly document: Document
  readonly rule: CorrelationRule | null
  readonly problems: readonly Problem[]
}

/**
 * Compiles correlations that may count one another, each after those it counts. One that counts itself, directly or
 * through others, does not load; neither does one whose rules do not.
 */
export function compileCorrelations(
  documents: readonly Document[],
  detections: readonly SigmaRule[],
): readonly CompiledCorrelation[] {
  const byName = new Map<string, Document>()
  for (const document of documents)
    for (const key of [document.value.id, document.value.name]) if (typeof key === 'string') byName.set(key, document)
  const done = new Map<Document, CompiledCorrelation>()
  const order: CorrelationRule[] = []
  const under = new Set<Document>()
  const visit = (document: Document): void => {
    if (done.has(document)) return
    under.add(document)
    const inner = namesOf(document).flatMap((name) => byName.get(name) ?? [])
    const circle = inner.find((one) => under.has(one))
    for (const one of inner) if (!under.has(one)) visit(one)
    under.delete(document)
    const result = compileCorrelationRule(document, [...detections, ...order])
    const problems =
      circle === undefined
        ? result.ok
          ? []
          : result.problems
        : [
            problem(
              'sigma/correlation',
              'the correlation counts itself',
              document.place(['correlation', 'rules']),
              'break the circle',
            ),
          ]
    const rule = result.ok && circle === undefined ? result.value : null
    if (rule !== null) order.push(rule)
    done.set(document, { document, rule, problems })
  }
  for (const document of documents) visit(document)
  return documents.flatMap((document) => done.get(document) ?? [])
}

function namesOf({ value: { correlation } }: Document): readonly string[] {
  const rules: Json = isObject(correlation) ? (correlation.rules ?? []) : []
  const list: readonly Json[] = Array.isArray(rules) ? rules : [rules]
  return list.filter((one) => typeof one === 'string')
}
