import type { Finding } from './alert.ts'
import type { Decision } from './decision.ts'
import type { AlertId, IncidentNumber, TenantId } from './ids.ts'
import type { Observable } from './observable.ts'
import { type IncidentSeverity, type SeverityId, severityOfScore } from './severity.ts'

export const incidentStatuses = ['new', 'acknowledged', 'contained', 'resolved', 'closed', 'merged'] as const
export type IncidentStatus = (typeof incidentStatuses)[number]

export const verdicts = ['true-positive', 'benign-positive', 'false-positive', 'undetermined'] as const
export type Verdict = (typeof verdicts)[number]

/** Epoch milliseconds; null = has not happened. MTTD = detected - occurred, MTTA, MTTC and MTTR count from detected. */
export interface IncidentTimes {
  readonly occurredAt: number
  readonly detectedAt: number
  readonly ingestedAt: number
  readonly acknowledgedAt: number | null
  readonly containedAt: number | null
  readonly resolvedAt: number | null
}

/** A stored alert: what correlation made of all alerts with one key. */
export interface AlertGroup {
  readonly id: AlertId
  readonly incident: IncidentNumber
  readonly source: string
  readonly kind: 'vendor' | 'detection'
  readonly ruleId: string
  readonly title: string
  readonly severity: SeverityId
  readonly key: string
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly observables: readonly Observable[]
  /** Of the first of them, where its rule remembers. */
  readonly finding?: Finding
}

/** One named, signed part of the score, with the fact behind it. */
export interface Contribution {
  readonly name: string
  readonly points: number
  readonly decision: Decision
}

/** Context from one provider about one observable. */
export interface Enrichment {
  readonly observable: string
  readonly provider: string
  /** `malicious`, `benign` or `context` (says something, judges nothing). */
  readonly verdict: 'malicious' | 'benign' | 'context'
  readonly sentence: string
  readonly data: { readonly [key: string]: string | number | boolean | null }
}

/** A severity that a person put before the machine's, and why. Time is epoch milliseconds. */
export interface SaidSeverity {
  readonly severity: IncidentSeverity
  readonly by: string
  readonly reason: string
  readonly at: number
}

/** What `assess` made of an incident. `score` is 0-100, the clamped sum of the contributions. */
export interface Assessment {
  readonly score: number
  /** What counts: a person's where one was said, else that of the score. */
  readonly severity: IncidentSeverity
  /** Who put another severity before that of the score. */
  readonly said?: SaidSeverity
  readonly contributions: readonly Contribution[]
  readonly explanation: string
  readonly recommendation: string
}

/** A case: alerts, observables, assessment, people's work. */
export interface Incident {
  readonly tenant: TenantId
  readonly number: IncidentNumber
  readonly title: string
  readonly status: IncidentStatus
  readonly times: IncidentTimes
  /** Event time of the first and last alert. */
  readonly firstAt: number
  readonly lastAt: number
  /** Distinct alerts, and alerts before aggregation. */
  readonly alertCount: number
  readonly signalCount: number
  /** Highest alert severity. */
  readonly maxSeverity: SeverityId
  readonly sources: readonly string[]
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly observables: readonly Observable[]
  /** Why alerts were put together and escalated; bounded. */
  readonly decisions: readonly Decision[]
  /** Names of escalation rules that have fired. */
  readonly escalations: readonly string[]
  /** Playbooks that were set off; each runs once per incident. */
  readonly playbooks: readonly string[]
  readonly mergedInto: IncidentNumber | null
  /** Incidents with which no rule makes this one, because a person split them. */
  readonly apartFrom?: readonly IncidentNumber[]
  readonly owner: string | null
  /** What it is worked off under together with others: a campaign, an exercise, a deadline. One line. */
  readonly milestone: string | null
  readonly verdict: Verdict | null
  readonly assessment: Assessment | null
  readonly enrichments: readonly Enrichment[]
}

/** An assessment with what a person said of the severity, or without: then the score's severity counts. The score stays as it is. */
export function gradedBy(assessment: Assessment, said: SaidSeverity | null): Assessment {
  if (said !== null) return { ...assessment, severity: said.severity, said }
  const { said: before, ...machine } = assessment
  return before === undefined ? assessment : { ...machine, severity: severityOfScore(machine.score) }
}

/** Why it is as bad as it is, for people: the machine's sentences, and behind them whose severity counts instead. */
export function explanationOf({ explanation, said }: Assessment): string {
  return said === undefined
    ? explanation
    : `${explanation} What counts is ${said.severity}, said by ${said.by}: ${said.reason}`
}
