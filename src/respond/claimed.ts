import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { ActionSpec, Integration } from '../core/normalize/index.ts'
import type { Patience } from './backoff.ts'

/** An effect whose intent is on record and which this process alone may now make. */
export interface Claimed {
  readonly id: string
  readonly run: string
  readonly playbook: string
  readonly incident: IncidentNumber
  readonly path: string
  /** `integration.action`. */
  readonly action: string
  readonly integration: Integration
  readonly spec: ActionSpec
  readonly inputs: JsonObject
  readonly target: string
  /** The gate's sentence. */
  readonly why: string
  readonly approvedBy: readonly string[]
  readonly mode: 'simulate' | 'live'
  /** Number of this call among all calls for the effect. */
  readonly n: number
  readonly kind: 'call' | 'confirm'
  readonly timeoutMs: number
  readonly patience: Patience
  /** The effect that this one takes back; null for one of its own. */
  readonly undoes: string | null
  readonly at: number
}
