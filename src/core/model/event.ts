import type { EventId, TenantId } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { Observable } from './observable.ts'

/** Sigma log source of an event; a rule applies when every member it names is equal. */
export interface LogSource {
  readonly product?: string
  readonly category?: string
  readonly service?: string
}

/** One record of telemetry as a source sent it, normalised by its manifest. */
export interface Event {
  readonly id: EventId
  readonly tenant: TenantId
  /** Id of the integration. */
  readonly source: string
  /** Id of the inbound mapping in the integration's manifest. */
  readonly inbound: string
  /** Number of the delivery in the tenant's inbox, and position of the record in it: the order of everything. */
  readonly seq: number
  readonly index: number
  /** Epoch milliseconds, UTC. */
  readonly occurredAt: number
  /** How the time came about; `clamped` = it lay more than 5 minutes in the future of receipt. */
  readonly timeNote: 'as-sent' | 'missing' | 'clamped'
  /** Epoch milliseconds at which the delivery was received. */
  readonly receivedAt: number
  readonly logsource: LogSource
  readonly observables: readonly Observable[]
  /** The record as the source sent it. */
  readonly record: JsonObject
}

/** An event without what it says: all that is needed of it when no rule asks for more. */
export type EventHead = Omit<Event, 'inbound' | 'logsource' | 'record'>

/**
 * The one place in which every received event ends.
 * `alerted`: raised or extended an alert; `noMatch`: telemetry on which no rule fired; `duplicate`: seen before;
 * `suppressed`: every alert of it was suppressed by a rule; `dropped`: the manifest's `drop`; `deadLettered`: kept with a reason.
 */
export const outcomes = ['alerted', 'noMatch', 'duplicate', 'suppressed', 'dropped', 'deadLettered'] as const
export type EventOutcome = (typeof outcomes)[number]
