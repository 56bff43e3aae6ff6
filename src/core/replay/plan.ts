import type { ContentChange } from '../content/index.ts'
import type { EventOutcome, Fact, Place } from '../model/index.ts'
import type { ReplayedAlert, ReplayedIncident, ReplayedRule } from './replayed.ts'

/** How often one rule fires before and after a change. */
export interface RuleDifference {
  readonly rule: ReplayedRule
  readonly before: number
  readonly after: number
  /** Alerts by identity: the same rule on the same event. */
  readonly added: number
  readonly lost: number
  /** Alerts that are suppressed after the change and were not before, and the other way round. */
  readonly silenced: number
  readonly unsilenced: number
}

/** Lines for people that a rule raises per day of history, and what it may. */
export interface NoiseLine {
  readonly rule: ReplayedRule
  readonly beforePerDay: number
  readonly afterPerDay: number
  readonly budgetPerDay: number
  /** Above the budget, and more than before the change. */
  readonly isExceeded: boolean
}

/** An alert that only one side has, with why. */
export interface Example {
  readonly change: 'added' | 'lost' | 'silenced' | 'unsilenced'
  readonly alert: ReplayedAlert
  readonly rule: ReplayedRule
  readonly facts: readonly Fact[]
  readonly why: string
}

export interface IncidentPair {
  readonly before: Pick<ReplayedIncident, 'number' | 'title' | 'severity' | 'score'>
  readonly after: Pick<ReplayedIncident, 'number' | 'title' | 'severity' | 'score'>
}

/** The same incident on both sides, judged otherwise. */
export interface IncidentChanged extends IncidentPair {
  readonly reasons: readonly string[]
}

/** The same incident on both sides, opened at another moment. */
export interface DetectionMoved extends IncidentPair {
  /** Negative = earlier after the change. */
  readonly byMs: number
}

/** One incident of one side that is several on the other. */
export interface Regrouped {
  readonly change: 'merged' | 'split'
  readonly one: ReplayedIncident
  readonly several: readonly ReplayedIncident[]
}

/** An effect or run that only one side has; `count` = how many like it. */
export interface ResponseChange {
  readonly change: 'added' | 'lost'
  readonly kind: 'run' | 'action' | 'approval'
  readonly playbook: string
  /** `integration.action`; empty for runs. */
  readonly action: string
  readonly target: string
  readonly criticality: string | null
  readonly sentence: string
  /** Title of the incident it is about. */
  readonly incident: string
}

export interface FixtureChange {
  readonly change: 'added' | 'lost'
  readonly path: string
  readonly kind: 'positive' | 'negative'
  readonly index: number
  readonly rule: string
  readonly place: Place | null
  readonly facts: readonly Fact[]
}

/** What a change of content would have made of a history. Plain data in one order: equal for equal inputs. */
export interface Plan {
  readonly before: { readonly commit: string; readonly digest: string }
  readonly after: { readonly commit: string; readonly digest: string }
  readonly content: readonly ContentChange[]
  readonly days: number
  readonly counts: {
    readonly before: Readonly<Record<EventOutcome, number>>
    readonly after: Readonly<Record<EventOutcome, number>>
  }
  readonly totals: {
    readonly incidents: readonly [before: number, after: number]
    readonly runs: readonly [before: number, after: number]
    readonly actions: readonly [before: number, after: number]
    readonly approvals: readonly [before: number, after: number]
  }
  /** Of the incidents that are on both sides; null when none is. */
  readonly timeToDetect: {
    readonly incidents: number
    readonly meanMs: readonly [before: number, after: number]
  } | null
  readonly rules: readonly RuleDifference[]
  readonly noise: readonly NoiseLine[]
  readonly incidents: {
    readonly added: readonly ReplayedIncident[]
    readonly lost: readonly ReplayedIncident[]
    readonly regrouped: readonly Regrouped[]
    readonly changed: readonly IncidentChanged[]
    readonly moved: readonly DetectionMoved[]
  }
  readonly responses: readonly ResponseChange[]
  readonly entities: { readonly added: readonly string[]; readonly lost: readonly string[] }
  readonly criticalTargets: { readonly added: readonly string[]; readonly lost: readonly string[] }
  readonly fixtures: readonly FixtureChange[]
  readonly examples: readonly Example[]
  /** What was too much to be kept one by one on either side: figures of such rules are exact, lists are not whole. */
  readonly omitted: { readonly alerts: number; readonly runs: number }
  readonly faults: { readonly before: readonly string[]; readonly after: readonly string[] }
  /** Whether anything that people or playbooks see is another. */
  readonly isSame: boolean
  /** Sentences of what breaks a budget; empty = the change is within them. */
  readonly exceeded: readonly string[]
}
