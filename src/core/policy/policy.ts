import ipaddr from 'ipaddr.js'
import { type Condition, compileCondition } from '../condition/index.ts'
import { durationMs, incidentFactNames } from '../correlate/index.ts'
import {
  type Document,
  type EffectClass,
  type GateAnswer,
  isObject,
  type Json,
  type Problem,
  problem,
  type Result,
  type RuleRef,
} from '../model/index.ts'

/** Who answers an approval, how many of them, for how long. */
export interface ApprovalTerms {
  readonly roles: readonly string[]
  readonly quorum: number
  readonly expiresMs: number
}

/** One line of a policy: for these effects, under this condition, this answer. */
export interface PolicyRule {
  readonly ref: RuleRef
  readonly effects: readonly EffectClass[]
  readonly when: Condition | null
  readonly answer: GateAnswer
  readonly terms: ApprovalTerms
  readonly reason: string
}

/** Targets that are never acted on, or only after asking: text in which `*` stands for any text, or a network such as `10.0.0.0/8`. */
export interface ProtectedTarget {
  readonly ref: RuleRef
  readonly pattern: string
  readonly answer: 'ask' | 'deny'
  readonly reason: string
}

/** What may run without asking, what needs whom, what never runs. */
export interface Policy {
  readonly ref: RuleRef
  readonly active: boolean
  readonly rules: readonly PolicyRule[]
  readonly protectedTargets: readonly ProtectedTarget[]
  /** Most destructive effects in an hour, over all runs; null = no bound. */
  readonly destructivePerHour: number | null
}

/** What is asked when a policy says `ask` and nothing else. */
export const defaultTerms: ApprovalTerms = { roles: ['responder'], quorum: 1, expiresMs: 4 * 3_600_000 }

/** Compiles a policy file that has passed its schema. */
export function compilePolicy(document: Document): Result<Policy> {
  const problems: Problem[] = []
  const { id, title, active, rules, protectedTargets, budgets } = document.value
  const ref: RuleRef = { kind: 'approval', id: String(id), title: String(title), place: document.place(['title']) }
  const at = (list: string, index: number): RuleRef => ({ ...ref, place: document.place([list, index]) })
  const compiled = listOf(rules).map((raw, index): PolicyRule => {
    const when =
      raw.when === undefined
        ? null
        : compileCondition(
            raw.when,
            (path, part) => document.place(['rules', index, 'when', ...path], part),
            incidentFactNames,
          )
    if (when !== null && !when.ok) problems.push(...when.problems)
    const approvers = isObject(raw.approvers) ? raw.approvers : {}
    const expiresMs = approvers.expires === undefined ? defaultTerms.expiresMs : durationMs(approvers.expires)
    if (expiresMs === null)
      problems.push(
        problem(
          'policy/expires',
          'expires is a duration like 4h',
          document.place(['rules', index, 'approvers', 'expires']),
        ),
      )
    return {
      ref: at('rules', index),
      effects: (raw.effects ?? []) as readonly EffectClass[],
      when: when?.ok ? when.value : null,
      answer: raw.answer as GateAnswer,
      terms: {
        roles: (approvers.roles as readonly string[] | undefined) ?? defaultTerms.roles,
        quorum: Number(approvers.quorum ?? defaultTerms.quorum),
        expiresMs: expiresMs ?? defaultTerms.expiresMs,
      },
      reason: String(raw.reason),
    }
  })
  for (const [index, { target }] of listOf(protectedTargets).entries()) {
    if (/^[0-9a-f.:]+\/\d+$/i.test(String(target)) && !ipaddr.isValidCIDR(String(target)))
      problems.push(
        problem(
          'policy/network',
          `"${String(target)}" is no network, so it would protect nothing`,
          document.place(['protectedTargets', index, 'target']),
          'write it like 10.0.0.0/8 or fd00::/8',
        ),
      )
  }
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      ref,
      active: active !== false,
      rules: compiled,
      protectedTargets: listOf(protectedTargets).map((raw, index) => ({
        ref: at('protectedTargets', index),
        pattern: String(raw.target).toLowerCase(),
        answer: raw.answer === 'ask' ? 'ask' : 'deny',
        reason: String(raw.reason),
      })),
      destructivePerHour:
        isObject(budgets) && typeof budgets.destructivePerHour === 'number' ? budgets.destructivePerHour : null,
    },
  }
}

const listOf = (value: Json | undefined) => (Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [])
