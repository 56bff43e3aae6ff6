import type { Fact, RuleRef } from './decision.ts'
import type { AlertId, EventId, TenantId } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { Observable } from './observable.ts'
import type { SeverityId } from './severity.ts'

/** What a rule that remembers found, in words and facts. It is kept, for what the rule knows moves on. */
export interface Finding {
  /** What was usual and what was seen; one bounded line. */
  readonly sentence: string
  readonly facts: readonly Fact[]
}

/** A normalised finding, from a vendor or from our own detection, before correlation. */
export interface Alert {
  readonly id: AlertId
  readonly tenant: TenantId
  readonly kind: 'vendor' | 'detection'
  /** Id of the integration whose event it came from. */
  readonly source: string
  /** The detection rule, or the manifest's inbound mapping. */
  readonly rule: RuleRef
  readonly title: string
  readonly description: string
  readonly severity: SeverityId
  /** 0-100 as the vendor or rule declares it, null when it does not. */
  readonly confidence: number | null
  readonly occurredAt: number
  /** When vendor or rule found it: the vendor's time, else `occurredAt` of the event that completed it. */
  readonly detectedAt: number
  readonly ingestedAt: number
  /** ATT&CK technique ids, `T1078.004`, sorted. */
  readonly techniques: readonly string[]
  /** ATT&CK tactic short names, `initial-access`, sorted. */
  readonly tactics: readonly string[]
  readonly observables: readonly Observable[]
  /** Alerts with the same key in the aggregation window are one alert with a count. */
  readonly key: string
  /** Vendor id of the finding that a later alert with the same value updates. */
  readonly updateOf: string | null
  readonly eventIds: readonly EventId[]
  readonly url: string | null
  /** Vendor class, product, account and the like: short values for people. */
  readonly details: JsonObject
  /** Only of rules that remember. */
  readonly finding?: Finding
}
