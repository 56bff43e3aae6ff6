import { type Condition, compileCondition } from '../condition/index.ts'
import { compileSelection, type Selection } from '../detect/index.ts'
import {
  type Document,
  isObject,
  type Json,
  type Problem,
  problem,
  type Result,
  type RuleRef,
  type SeverityId,
  type SeverityName,
  severityId,
} from '../model/index.ts'
import { incidentFactNames } from './facts.ts'
import { maxWindowMs } from './state.ts'

/** Alerts that are not to be seen as such, by whom, why, until when. */
export interface SuppressionRule {
  readonly ref: RuleRef
  readonly match: Selection
  readonly owner: string
  readonly reason: string
  /** Epoch milliseconds; compared with the time at which the alert was received. */
  readonly expiresAt: number
}

/** When an alert belongs to an incident. */
export interface GroupingRule {
  readonly ref: RuleRef
  /** Entity types of which one must be shared. */
  readonly share: readonly string[]
  readonly withinMs: number
  /** Which alerts the rule is for; null = all. */
  readonly match: Selection | null
  /** `progression`: the alert's tactic must come later in an attack than one the incident has, or not be in it yet. */
  readonly behaviour: 'any' | 'progression'
  /** A value held by more open incidents than this says nothing. */
  readonly maxFanOut: number
  readonly order: number
}

/** What makes an incident more urgent than its alerts say. */
export interface EscalationRule {
  readonly ref: RuleRef
  readonly when: Condition
  readonly severity: SeverityId | null
  readonly tasks: readonly string[]
}

/** All that correlation goes by. */
export interface CorrelationRules {
  readonly suppression: readonly SuppressionRule[]
  readonly grouping: readonly GroupingRule[]
  readonly escalation: readonly EscalationRule[]
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `30m`, `12h`, `7d`; null when the text is none. */
export function durationMs(text: Json | undefined): number | null {
  const match = typeof text === 'string' ? /^(\d{1,5})([smhd])$/.exec(text) : null
  return match === null ? null : Number(match[1]) * (unitMs[match[2] as string] as number)
}

function refOf(document: Document, kind: RuleRef['kind']): RuleRef {
  return { kind, id: String(document.value.id), title: String(document.value.title), place: document.place(['title']) }
}

function selectionAt(document: Document, key: string): Result<Selection> {
  return compileSelection(document.value[key] as Json, (path, part) => document.place([key, ...path], part))
}

/** Compiles a suppression rule; an expired one is a warning and never matches. */
export function compileSuppression(document: Document): Result<SuppressionRule> {
  const match = selectionAt(document, 'match')
  if (!match.ok) return match
  const expiresAt = Date.parse(`${String(document.value.expires)}T00:00:00Z`)
  if (Number.isNaN(expiresAt))
    return {
      ok: false,
      problems: [problem('suppression/expires', 'expires is a date like 2026-12-31', document.place(['expires']))],
    }
  return {
    ok: true,
    value: {
      ref: refOf(document, 'suppression'),
      match: match.value,
      owner: String(document.value.owner),
      reason: String(document.value.reason),
      expiresAt,
    },
  }
}

/** Compiles a grouping rule. */
export function compileGrouping(document: Document): Result<GroupingRule> {
  const { share, within, match, behaviour, maxFanOut, order } = document.value
  const problems: Problem[] = []
  const withinMs = durationMs(within)
  if (withinMs === null || withinMs > maxWindowMs)
    problems.push(
      problem('grouping/within', 'within is a duration of at most 3d, like 12h', document.place(['within'])),
    )
  const selection = match === undefined ? null : selectionAt(document, 'match')
  if (selection !== null && !selection.ok) problems.push(...selection.problems)
  if (problems.length > 0 || withinMs === null) return { ok: false, problems }
  return {
    ok: true,
    value: {
      ref: refOf(document, 'grouping'),
      share: Array.isArray(share) ? (share as readonly Json[]).map(String) : [],
      withinMs,
      match: selection?.ok ? selection.value : null,
      behaviour: behaviour === 'progression' ? 'progression' : 'any',
      maxFanOut: typeof maxFanOut === 'number' ? maxFanOut : 8,
      order: typeof order === 'number' ? order : 100,
    },
  }
}

/** Compiles an escalation rule. */
export function compileEscalation(document: Document): Result<EscalationRule> {
  const when = compileCondition(
    document.value.when as Json,
    (path, part) => document.place(['when', ...path], part),
    incidentFactNames,
  )
  if (!when.ok) return when
  const { then } = document.value
  const effect = isObject(then) ? then : {}
  return {
    ok: true,
    value: {
      ref: refOf(document, 'escalation'),
      when: when.value,
      severity: typeof effect.severity === 'string' ? severityId(effect.severity as SeverityName) : null,
      tasks: Array.isArray(effect.tasks) ? (effect.tasks as readonly Json[]).map(String) : [],
    },
  }
}
