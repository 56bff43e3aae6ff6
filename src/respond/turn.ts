import type { Bundle } from '../core/content/index.ts'
import type { Incident, JsonObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'
import type { Claimed } from './claimed.ts'
import type { Live } from './make-effect.ts'

/** A run as the responder works at it. */
export interface Run {
  readonly id: string
  readonly playbook: string
  readonly bundle: string
  readonly commit: string
  readonly deadlineAt: number
}

/** What the steps of a run are taken with, all in one transaction at one time. */
export interface Turn {
  readonly tx: Tx
  readonly run: Run
  readonly bundle: Bundle
  readonly incident: Incident
  readonly facts: JsonObject
  /** Owner of the playbook: cannot answer for it. */
  readonly author: string
  readonly at: number
  readonly replica: string
  readonly live: Live | undefined
}

/** How a step stands after its turn: it has ended, it was claimed to be made now, or it waits until something happens or `wakeAt`. */
export type Taken =
  | { readonly kind: 'ended'; readonly result: StepResult & { readonly denied?: JsonObject } }
  | { readonly kind: 'claimed'; readonly claimed: Claimed }
  | { readonly kind: 'waits'; readonly wakeAt: number | null }
