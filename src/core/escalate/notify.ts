import { type Condition, compileCondition } from '../condition/index.ts'
import { incidentFactNames } from '../correlate/index.ts'
import type { Decision, Document, JsonObject, Problem, Result, RuleRef } from '../model/index.ts'

/** Into which channel of Slack an incident goes. */
export interface NotifyRule {
  readonly ref: RuleRef
  readonly order: number
  /** Null = every incident. */
  readonly when: Condition | null
  /** `#name` or an id; null = those that match are not told. */
  readonly channel: string | null
}

/** Compiles a notification rule that has passed its schema. */
export function compileNotifyRule(document: Document): Result<NotifyRule> {
  const head = orderedHead(document, 'notify')
  if (!head.ok) return head
  const { channel } = document.value
  return { ok: true, value: { ...head.value, channel: typeof channel === 'string' ? channel : null } }
}

/** What rules of which the first that matches decides have in common. */
export type Ordered = Pick<NotifyRule, 'ref' | 'order' | 'when'>

/** Reads the id, order and condition of such a rule. */
export function orderedHead(document: Document, kind: RuleRef['kind']): Result<Ordered> {
  const { id, title, order, when } = document.value
  const problems: Problem[] = []
  const condition =
    when === undefined
      ? null
      : compileCondition(when, (path, part) => document.place(['when', ...path], part), incidentFactNames)
  if (condition !== null && !condition.ok) problems.push(...condition.problems)
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      ref: { kind, id: String(id), title: String(title), place: document.place(['title']) },
      order: Number(order),
      when: condition?.ok ? condition.value : null,
    },
  }
}

/** The rule that decided, with the facts it saw. */
export interface Choice<Rule> {
  readonly rule: Rule
  readonly decision: Decision
}

/** The first rule, by order and then by id, that the facts of an incident meet; null when there is none. */
export async function chooseFirst<Rule extends Ordered>(
  rules: readonly Rule[],
  facts: JsonObject,
): Promise<Choice<Rule> | null> {
  const ordered = rules.toSorted((a, b) => a.order - b.order || (a.ref.id < b.ref.id ? -1 : 1))
  for (const rule of ordered) {
    const met = rule.when === null ? { matched: true, facts: [] } : await rule.when.decide(facts)
    if (!met.matched) continue
    return {
      rule,
      decision: { answer: 'matched', rule: rule.ref, facts: met.facts, sentence: `${rule.ref.title} (${rule.ref.id})` },
    }
  }
  return null
}
