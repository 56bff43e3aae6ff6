import {
  type Decision,
  type Document,
  type Event,
  formatPlace,
  isObject,
  type Json,
  type Problem,
  pathPattern,
  problem,
  type Result,
  type RuleRef,
  type SeverityId,
  type SeverityName,
  severityId,
  severityName,
} from '../model/index.ts'
import { factsOf } from './sigma/facts.ts'
import type { RuleHead } from './sigma/rule.ts'
import { compileSearch, holds, type Search } from './sigma/search.ts'
import type { View } from './sigma/view.ts'

/** Local tuning of rules, kept apart from their files: who, why, until when. */
export interface Overlay {
  readonly ref: RuleRef
  readonly owner: string
  readonly reason: string
  /** Epoch milliseconds; compared with the time at which the event was received. */
  readonly expiresAt: number
  readonly disable: boolean
  readonly severity: SeverityId | null
  /** Events that satisfy it do not count as matches. */
  readonly exclude: Search | null
  /** Ids it names; each must be a rule's. */
  readonly ids: readonly { readonly id: string; readonly index: number }[]
  /** Place of a part of its file. */
  readonly place: Document['place']
  /** Whether it is for that rule. */
  covers(rule: RuleHead): boolean
}

/** What rule and event came to: kept, perhaps at another severity, or withheld; `decision` says which overlay and why. */
export type Tuned<T> =
  | { readonly kind: 'kept'; readonly match: T; readonly decision: Decision | null }
  | { readonly kind: 'withheld'; readonly match: T; readonly decision: Decision }

/** Overlays over the rules of a bundle. */
export interface Tuning {
  /** Tunes what a rule says about an event; without an overlay that is active then, it is given back as it is. */
  tune<T extends Tunable>(match: T, event: Pick<Event, 'receivedAt'>): Tuned<T>
}

interface Tunable {
  readonly rule: RuleHead
  readonly view: View
}

/** Compiles an overlay. The document has passed its schema. */
export function compileOverlay(document: Document): Result<Overlay> {
  const { id, title, owner, reason, expires, rules, disable, severity, exclude } = document.value
  const problems: Problem[] = []
  const expiresAt = Date.parse(`${String(expires)}T00:00:00Z`)
  if (Number.isNaN(expiresAt))
    problems.push(problem('overlay/expires', 'expires is a date like 2026-12-31', document.place(['expires'])))
  if (disable === undefined && severity === undefined && exclude === undefined)
    problems.push(
      problem('overlay/nothing', 'the overlay changes nothing', document.place([]), 'say disable, severity or exclude'),
    )
  const search =
    exclude === undefined
      ? null
      : compileSearch(exclude, ['exclude'], (path, part) => document.place(path, part), problems)
  if (problems.length > 0) return { ok: false, problems }
  const wanted = isObject(rules) ? rules : {}
  const ids = textsOf(wanted.id)
  const packs = textsOf(wanted.pack).map((pack) => `rules/detection/packs/${pack}/`)
  const patterns = textsOf(wanted.path).map(pathPattern)
  return {
    ok: true,
    value: {
      ref: { kind: 'overlay', id: String(id), title: String(title), place: document.place(['title']) },
      owner: String(owner),
      reason: String(reason),
      expiresAt,
      disable: disable === true,
      severity: typeof severity === 'string' ? severityId(severity as SeverityName) : null,
      exclude: search,
      ids: ids.map((one, index) => ({ id: one, index })),
      place: document.place,
      covers: ({ id: ruleId, ref }) => {
        const path = ref.place?.file ?? ''
        return (
          (wanted.id === undefined || ids.includes(ruleId)) &&
          (wanted.pack === undefined || packs.some((folder) => path.startsWith(folder))) &&
          (wanted.path === undefined || patterns.some((pattern) => pattern(path)))
        )
      },
    },
  }
}

/** Puts overlays over rules; of several the one with the smallest id speaks first. */
export function createTuning(overlays: readonly Overlay[], rules: readonly RuleHead[]): Tuning {
  const ordered = [...overlays].sort((a, b) => (a.ref.id < b.ref.id ? -1 : 1))
  const byRule = new Map(
    rules.flatMap((rule) => {
      const found = ordered.filter((one) => one.covers(rule))
      return found.length === 0 ? [] : [[rule.id, found] as const]
    }),
  )
  return {
    tune(match, { receivedAt }) {
      const active = (byRule.get(match.rule.id) ?? []).filter((one) => receivedAt < one.expiresAt)
      for (const overlay of active) {
        if (overlay.disable) return { kind: 'withheld', match, decision: decisionOf(overlay, match, 'disabled') }
        if (overlay.exclude !== null && holds(overlay.exclude, match.view))
          return { kind: 'withheld', match, decision: decisionOf(overlay, match, 'excluded') }
      }
      const graded = active.find((one) => one.severity !== null)
      if (graded?.severity == null) return { kind: 'kept', match, decision: null }
      const rule = { ...match.rule, severity: graded.severity }
      return { kind: 'kept', match: { ...match, rule }, decision: decisionOf(graded, match, 'regraded') }
    },
  }
}

function decisionOf(
  overlay: Overlay,
  { rule, view }: Tunable,
  answer: 'disabled' | 'excluded' | 'regraded',
): Decision<'disabled' | 'excluded' | 'regraded'> {
  const { ref, owner, reason, severity, exclude } = overlay
  const what = {
    disabled: 'is switched off',
    excluded: 'does not count here',
    regraded: `counts as ${severityName(severity ?? 0)} instead of ${severityName(rule.severity)}`,
  }[answer]
  const place = ref.place === undefined ? '' : `, ${formatPlace(ref.place)}`
  const until = new Date(overlay.expiresAt).toISOString().slice(0, 10)
  return {
    answer,
    rule: ref,
    facts: answer === 'excluded' && exclude !== null ? factsOf(exclude, view) : [{ name: 'rule', value: rule.id }],
    sentence: `"${rule.title}" ${what} until ${until} by "${ref.title}" of ${owner}: ${reason} (${ref.id}${place})`,
  }
}

const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(String) : value === undefined ? [] : [String(value)]

/** Overlays that name rules which are not there, as warnings: a rule that was renamed must not keep a tuning in vain. */
export function checkOverlays(overlays: readonly Overlay[], rules: readonly RuleHead[]): readonly Problem[] {
  const known = new Set(rules.map((rule) => rule.id))
  const warning = (one: Problem): Problem => ({ ...one, severity: 'warning' })
  return overlays.flatMap((overlay) => {
    const missing = overlay.ids
      .filter(({ id }) => !known.has(id))
      .map(({ id, index }) =>
        problem('overlay/no-rule', `there is no rule "${id}"`, overlay.place(['rules', 'id', index])),
      )
    if (missing.length > 0) return missing.map(warning)
    if (rules.some((rule) => overlay.covers(rule))) return []
    return [warning(problem('overlay/no-rule', 'the overlay is for no rule', overlay.place(['rules'])))]
  })
}
