import type { ProbotOctokit } from 'probot'
import type { JsonObject } from '../../core/model/index.ts'
import type { OpenStore } from '../../store/index.ts'

/** A client of the REST API as the tenant's installation; its token is minted and renewed by itself. */
export type Client = InstanceType<typeof ProbotOctokit>

/** A webhook that was kept, when its turn has come. What it says may be old: whoever acts on it asks GitHub what holds now. */
export interface Delivery {
  /** `X-GitHub-Delivery`. */
  readonly id: string
  readonly event: string
  readonly action: string | null
  /** Verified to be from GitHub and of this tenant's repository or installation; its texts are anybody's. */
  readonly payload: JsonObject
  readonly receivedAt: number
}

/**
 * Works one delivery off. May be called again for the same one, after a crash or a failure, and must come to the same then.
 * Throwing puts it off; after eight times it is dead, with the message as the reason.
 */
export type Handler = (delivery: Delivery) => Promise<void>

/** Handlers by kind: `push`, or with the action `issue_comment.created`. */
export type Handlers = Readonly<Record<string, Handler>>

/** What a part of the app has to work with: one repository of one tenant. */
export interface Seat {
  readonly store: OpenStore
  readonly owner: string
  readonly repo: string
  /** Pages for people, and Git. */
  readonly webUrl: string
  readonly apiUrl: string
  readonly appId: number
  client(): Promise<Client>
  /** A token for reading this repository's content with Git, and nothing else; good for at least five minutes. */
  gitToken(): Promise<string>
  readonly clock: () => number
  readonly log: (message: string) => void
  readonly count: (result: string) => void
}

/** A part of the app for one tenant: deploys, plans, incidents as issues. */
export interface Feature {
  readonly handlers: Handlers
  /** Compares what GitHub has with our records, and does what lost deliveries would have led to. After start and every few minutes. */
  look?(): Promise<void>
  start?(): Promise<void>
  stop?(): Promise<void>
}

export type FeatureOf = (seat: Seat) => Feature
