import type { Bundle } from '../core/content/index.ts'
import type { Incident, JsonObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Claimed } from './claimed.ts'
import type { KnownRun } from './known-run.ts'
import type { Round } from './round.ts'

/** What the steps of a run are taken with, all in one round at one time. */
export interface Turn {
  readonly round: Round
  readonly run: KnownRun
  readonly bundle: Bundle
  readonly incident: Incident
  readonly facts: JsonObject
  /** Owners of the playbook and of those that it calls, with commas between: they cannot answer for it. */
  readonly author: string
}

/** How a step stands after its turn: it has ended, it was claimed to be made now, or it waits until something happens or `wakeAt`. */
export type Taken =
  | { readonly kind: 'ended'; readonly result: StepResult & { readonly denied?: JsonObject } }
  | { readonly kind: 'claimed'; readonly claimed: Claimed }
  | { readonly kind: 'waits'; readonly wakeAt: number | null }
