import ipaddr from 'ipaddr.js'
import { type Condition, compileCondition } from '../condition/index.ts'
import { durationMs, incidentFactNames } from '../correlate/index.ts'
import {
  type Document,
  type EffectClass,
  type GateAnswer,
  isObject,
  type Json,
  type JsonObject,
  type Problem,
  problem,
  type Result,
  type RuleRef,
} from '../model/index.ts'
import { days, type Window } from './window.ts'

/** People with one of these roles, of whom so many have to agree. */
export interface Group {
  readonly roles: readonly string[]
  readonly quorum: number
}

/** Who answers an approval, how many of them, for how long. */
export interface ApprovalTerms extends Group {
  /** Others who have to agree as well, because another policy names them or the step does. */
  readonly also?: readonly Group[]
  readonly expiresMs: number
  /** To whom the question is put as well when nobody has settled it by then. */
  readonly escalate?: { readonly afterMs: number; readonly roles: readonly string[] }
}

/** One line of a policy: for these effects, under this condition, this answer. */
export interface PolicyRule {
  readonly ref: RuleRef
  readonly effects: readonly EffectClass[]
  /** Any of these; null = whatever it is. */
  readonly severity: readonly string[] | null
  readonly confidence: readonly string[] | null
  readonly targetCriticality: readonly string[] | null
  /** Patterns of `integration.action`. */
  readonly actions: readonly string[] | null
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
  readonly budgets: Budgets
  readonly windows: readonly Window[]
  /** Who may together overrule a denial of a policy, once, for one effect; null = nobody. */
  readonly breakGlass: ApprovalTerms | null
}

/** Bounds past which a person decides what would be allowed; null = none. */
export interface Budgets {
  /** Destructive effects in an hour, over all runs. */
  readonly destructivePerHour: number | null
  /** Different targets that one incident may have changed. */
  readonly targetsPerIncident: number | null
  /** Reversible and destructive effects of one integration in an hour. */
  readonly changesPerIntegrationPerHour: number | null
}

/** What is asked when a policy says `ask` and nothing else. */
export const defaultTerms: ApprovalTerms = { roles: ['responder'], quorum: 1, expiresMs: 4 * 3_600_000 }

/** What a budget or a protected target asks: they name nobody, so it is whoever is named by what asks beside them. */
export const anybody: ApprovalTerms = { ...defaultTerms }

/** Compiles a policy file that has passed its schema. */
export function compilePolicy(document: Document): Result<Policy> {
  const problems: Problem[] = []
  const { id, title, active, rules, protectedTargets, windows } = document.value
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
    const terms = termsOf(raw.approvers, ['rules', index, 'approvers'], document, problems)
    return {
      ref: at('rules', index),
      effects: (raw.effects ?? []) as readonly EffectClass[],
      severity: textsOf(raw.severity),
      confidence: textsOf(raw.confidence),
      targetCriticality: textsOf(raw.targetCriticality),
      actions: textsOf(raw.actions),
      when: when?.ok ? when.value : null,
      answer: raw.answer as GateAnswer,
      terms,
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
  const compiledWindows = listOf(windows).map((raw, index) =>
    windowOf(raw, at('windows', index), termsOf(raw.approvers, ['windows', index, 'approvers'], document, problems)),
  )
  for (const [index, { time, title }] of compiledWindows.entries()) {
    const isEmpty = time.kind === 'once' ? !(time.startsAt < time.endsAt) : time.fromMinute === time.toMinute
    if (isEmpty)
      problems.push(problem('policy/window', `the window "${title}" never opens`, document.place(['windows', index])))
  }
  const breakGlass = isObject(document.value.breakGlass)
    ? termsOf(document.value.breakGlass, ['breakGlass'], document, problems)
    : null
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
      budgets: budgetsOf(document.value.budgets),
      windows: compiledWindows,
      breakGlass,
    },
  }
}

const listOf = (value: Json | undefined) => (Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [])

const textsOf = (value: Json | undefined): readonly string[] | null =>
  Array.isArray(value) ? (value as readonly Json[]).map(String) : null

function budgetsOf(value: Json | undefined): Budgets {
  const given = isObject(value) ? value : {}
  const bound = (name: keyof Budgets) => (typeof given[name] === 'number' ? given[name] : null)
  return {
    destructivePerHour: bound('destructivePerHour'),
    targetsPerIncident: bound('targetsPerIncident'),
    changesPerIntegrationPerHour: bound('changesPerIntegrationPerHour'),
  }
}

function termsOf(
  raw: Json | undefined,
  path: readonly (string | number)[],
  document: Document,
  problems: Problem[],
): ApprovalTerms {
  const given = isObject(raw) ? raw : {}
  const expiresMs = given.expires === undefined ? defaultTerms.expiresMs : durationMs(given.expires)
  if (expiresMs === null)
    problems.push(problem('policy/expires', 'expires is a duration like 4h', document.place([...path, 'expires'])))
  const escalate = isObject(given.escalate) ? given.escalate : null
  const afterMs = escalate === null ? null : durationMs(escalate.after)
  const isLate = escalate !== null && (afterMs === null || (expiresMs !== null && afterMs >= expiresMs))
  if (isLate)
    problems.push(
      problem(
        'policy/escalate',
        'an escalation comes before the question expires',
        document.place([...path, 'escalate', 'after']),
        'make "after" shorter or "expires" longer',
      ),
    )
  return {
    roles: textsOf(given.roles) ?? defaultTerms.roles,
    quorum: Number(given.quorum ?? defaultTerms.quorum),
    expiresMs: expiresMs ?? defaultTerms.expiresMs,
    ...(escalate === null || afterMs === null ? {} : { escalate: { afterMs, roles: textsOf(escalate.to) ?? [] } }),
  }
}

function windowOf(raw: JsonObject, ref: RuleRef, terms: ApprovalTerms): Window {
  const minuteOf = (text: Json | undefined) => {
    const [hours = 0, minutes = 0] = String(text).split(':').map(Number)
    return hours * 60 + minutes
  }
  return {
    ref,
    title: String(raw.title),
    effects: (textsOf(raw.effects) ?? ['reversible', 'destructive']) as readonly EffectClass[],
    targets: textsOf(raw.targets)?.map((one) => one.toLowerCase()) ?? null,
    time:
      raw.starts === undefined
        ? {
            kind: 'weekly',
            days: (textsOf(raw.days) ?? days).map((one) => days.indexOf(one as (typeof days)[number])),
            fromMinute: minuteOf(raw.from),
            toMinute: minuteOf(raw.to),
          }
        : { kind: 'once', startsAt: Date.parse(String(raw.starts)), endsAt: Date.parse(String(raw.ends)) },
    answer: raw.answer === 'ask' ? 'ask' : 'deny',
    terms,
    reason: `${String(raw.title)}: ${String(raw.reason)}`,
  }
}
