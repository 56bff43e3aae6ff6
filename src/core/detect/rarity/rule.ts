import type { SeverityId } from '../../model/index.ts'
import type { RuleHead, SigmaRule } from '../sigma/rule.ts'
import type { Reader } from './reader.ts'

/** What rules that remember have in common. */
interface Common extends RuleHead {
  /** Which events it looks at. */
  readonly selects: SigmaRule
  /** Digest of everything that learning depends on: a rule with another one starts anew. */
  readonly learns: string
  readonly owner: string
  /** Whose habits are learnt: a user, a host, an access key. */
  readonly entity: Reader
  readonly windowMs: number
  /** Events older than the newest by more than this are not looked at. */
  readonly latenessMs: number
  readonly warmUp: WarmUp
  readonly caps: Caps
}

/** History that must be there before anything is unusual. */
export interface WarmUp {
  readonly events: number
  readonly ms: number
}

export interface Caps {
  readonly entities: number
  /** Of `first_seen` for each entity, of `rare` for all groups together. */
  readonly values: number
  /** Alerts about one entity in 24 hours of event time. */
  readonly alerts: number
}

/** A value that its entity never had in the window. */
export interface FirstSeenRule extends Common {
  readonly kind: 'first_seen'
  readonly value: Reader
  readonly peers: {
    readonly group: Reader
    /** Other entities of the group that must have it for it to be usual there. */
    readonly usualFrom: number
    /** Severity of what is new here and usual among peers; null = no alert. */
    readonly severity: SeverityId | null
  } | null
}

/** A value that hardly anybody in its group has. */
export interface RareRule extends Common {
  readonly kind: 'rare'
  readonly value: Reader
  /** Among whom it is counted; no fields = all that the rule looks at. */
  readonly group: Reader
  /** All that are given must hold: earlier events, share of all events, other entities. */
  readonly below: {
    readonly count: number | null
    readonly share: number | null
    readonly entities: number | null
  }
}

/** More events in a bucket of time than the same buckets of earlier days allow for. */
export interface SpikeRule extends Common {
  readonly kind: 'spike'
  /** What is counted, in the plural: `failed sign-ins`. */
  readonly counted: string
  readonly bucketMs: number
  /** Distance of the buckets that are compared: a day, a week, or the bucket itself. */
  readonly periodMs: number
  readonly deviations: number
  readonly atLeast: number
  /** Whether an entity of which nothing is known made no such events, or has to be there for the warm-up first. */
  readonly unseen: 'zero' | 'unknown'
}

/** Two places that nobody can be at within the time. */
export interface ImpossibleTravelRule extends Common {
  readonly kind: 'impossible_travel'
  readonly position: PositionFields
  readonly speedKmh: number
  readonly distanceKm: number
}

/** Where an event says it happened; fields, tried in this order: coordinates, country, address. */
export interface PositionFields {
  readonly latitude: string | null
  readonly longitude: string | null
  /** Where given, coordinates count only in events that name a city: without one they are the middle of a country. */
  readonly city: string | null
  /** Within how many kilometres of the coordinates the true place lies. */
  readonly radiusKm: number
  readonly country: string | null
  readonly ip: string | null
}

export type RarityRule = FirstSeenRule | RareRule | SpikeRule | ImpossibleTravelRule
export const rarityKinds = ['first_seen', 'rare', 'spike', 'impossible_travel'] as const
