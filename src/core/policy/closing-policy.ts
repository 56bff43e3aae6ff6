import { type Condition, compileCondition } from '../condition/index.ts'
import { durationMs, incidentFactNames } from '../correlate/index.ts'
import { type Document, isObject, type Json, type Problem, problem, type Result, type RuleRef } from '../model/index.ts'

/** What is kept of closed incidents, and how it reaches the repository. */
export interface ClosingPolicy {
  readonly ref: RuleRef
  readonly owner: string
  readonly report: 'commit' | 'pull-request' | 'none'
  readonly regression: 'pull-request' | 'none'
  /** Null = no suppression rules are proposed. */
  readonly tuning: { readonly lookBackMs: number; readonly atLeast: number; readonly expiresMs: number } | null
  /** Words that are replaced in what is proposed. */
  readonly redact: readonly string[]
  readonly checklist: readonly { readonly item: string; readonly when: Condition | null }[]
}

/** Facts of a closed incident that checklists ask for besides those of every incident. */
export const closingFactNames = ['verdict', 'actionCount', 'containmentCount', 'openTaskCount', 'longLivedKeyCount']

const known: ReadonlySet<string> = new Set([...incidentFactNames, ...closingFactNames])
const dayMs = 86_400_000

/** Compiles a file of `rules/closing` that has passed its schema. */
export function compileClosing(document: Document): Result<ClosingPolicy> {
  const problems: Problem[] = []
  const { id, title, owner, report, regression, tuning, redact, checklist } = document.value
  const duration = (name: string, otherwiseMs: number) => {
    const text = isObject(tuning) ? tuning[name] : undefined
    const ms = text === undefined ? otherwiseMs : durationMs(text)
    if (ms === null || ms < dayMs || ms > 366 * dayMs)
      problems.push(problem('closing/duration', `${name} is 1d to 366d, like 30d`, document.place(['tuning', name])))
    return ms ?? otherwiseMs
  }
  const items = listOf(checklist).map((raw, index) => {
    const when =
      raw.when === undefined
        ? null
        : compileCondition(raw.when, (path, part) => document.place(['checklist', index, 'when', ...path], part), known)
    if (when !== null && !when.ok) problems.push(...when.problems)
    return { item: String(raw.item), when: when?.ok ? when.value : null }
  })
  const value: ClosingPolicy = {
    ref: { kind: 'closing', id: String(id), title: String(title), place: document.place(['title']) },
    owner: String(owner),
    report: report as ClosingPolicy['report'],
    regression: regression === 'pull-request' ? 'pull-request' : 'none',
    tuning: isObject(tuning)
      ? {
          lookBackMs: duration('lookBack', 30 * dayMs),
          atLeast: typeof tuning.atLeast === 'number' ? tuning.atLeast : 3,
          expiresMs: duration('expires', 90 * dayMs),
        }
      : null,
    redact: Array.isArray(redact) ? (redact as readonly Json[]).map(String) : [],
    checklist: items,
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value }
}

const listOf = (value: Json | undefined) => (Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [])
