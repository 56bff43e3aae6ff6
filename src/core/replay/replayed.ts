import type { EventOutcome, Fact, IncidentSeverity, Place, Problem, SeverityId } from '../model/index.ts'
import type { Group } from '../policy/index.ts'

/** The rule or manifest behind an alert. */
export interface ReplayedRule {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly place: Place | null
}

/** An alert that a bundle raised on a recorded event. */
export interface ReplayedAlert {
  /** The same rule on the same event has the same id under every bundle. */
  readonly id: string
  readonly rule: string
  readonly title: string
  readonly severity: SeverityId
  /** Event time. */
  readonly at: number
  /** Number of the delivery and position of the record in it. */
  readonly event: readonly [seq: number, index: number]
  /** `kept`: counted without an incident; `suppressed`: a rule or an overlay withheld it. */
  readonly outcome: 'incident' | 'kept' | 'suppressed' | 'duplicate'
  /** Whether it is a line of its own for people, and not one more of an earlier one. */
  readonly isNew: boolean
  /** The alert that it is counted with, its own id when it is the first; empty when it was not counted. */
  readonly group: string
  /** The incident that has it at the end; 0 = none. */
  readonly incident: number
  readonly entities: readonly string[]
  readonly facts: readonly Fact[]
  /** What suppressed or counted it, in a sentence; empty when nothing did. */
  readonly because: string
}

/** How often a rule fired, counted over all alerts, kept one by one or not. */
export interface RuleCount {
  readonly rule: string
  /** Alerts that were counted, those that were suppressed left out. */
  readonly alerts: number
  /** Of these, lines of their own for people. */
  readonly lines: number
  readonly suppressed: number
}

/** An effect that a playbook came to; nothing of it was done. */
export interface ReplayedEffect {
  readonly action: string
  readonly effect: string
  readonly target: string
  /** As an inventory gives it; null when none knows the target. */
  readonly criticality: string | null
  readonly answer: 'allow' | 'ask' | 'deny'
  /** Who would be asked; empty when nobody is. */
  readonly roles: readonly string[]
  readonly quorum: number
  /** Others who would have to agree as well. */
  readonly also: readonly Group[]
  readonly sentence: string
}

/** A playbook that an incident set off, played with every approval given. */
export interface ReplayedRun {
  readonly playbook: string
  readonly title: string
  readonly at: number
  readonly incident: number
  readonly because: string
  readonly status: string
  readonly effects: readonly ReplayedEffect[]
}

/** An incident as the history left it. */
export interface ReplayedIncident {
  readonly number: number
  readonly title: string
  readonly severity: IncidentSeverity
  readonly score: number
  /** Event time of the first alert, and when the alert that opened the incident was raised. */
  readonly firstAt: number
  readonly openedAt: number
  readonly alerts: readonly string[]
  readonly techniques: readonly string[]
  readonly escalations: readonly string[]
  readonly playbooks: readonly string[]
  readonly entities: readonly string[]
  /** Of these, what an inventory calls critical. */
  readonly criticalEntities: readonly string[]
  readonly contributions: readonly { readonly name: string; readonly points: number; readonly rule: string }[]
}

/** A fixture's record on which a rule fired. */
export interface FixtureHit {
  readonly path: string
  readonly kind: 'positive' | 'negative'
  readonly index: number
  readonly rule: string
  readonly facts: readonly Fact[]
}

/** What a bundle makes of a history: plain data in one order, equal for equal inputs. */
export interface Replayed {
  readonly digest: string
  readonly commit: string
  readonly counts: Readonly<Record<EventOutcome, number>>
  /** Event times of the first and last event; null without events. */
  readonly span: readonly [firstAt: number, lastAt: number] | null
  readonly rules: readonly ReplayedRule[]
  readonly ruleCounts: readonly RuleCount[]
  readonly alerts: readonly ReplayedAlert[]
  readonly incidents: readonly ReplayedIncident[]
  readonly runs: readonly ReplayedRun[]
  readonly fixtureHits: readonly FixtureHit[]
  /** What was counted and not kept one by one, since there was too much of it. */
  readonly omitted: { readonly alerts: number; readonly runs: number }
  /** Faults on single records, as in a dead letter. */
  readonly faults: readonly string[]
}

/** Content that does not load, or what came of it. */
export type ReplayResult =
  | { readonly ok: true; readonly replayed: Replayed; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }
