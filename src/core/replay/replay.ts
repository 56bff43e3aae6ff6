import type { Bundle } from '../content/index.ts'
import { type ByHand, createState, takeChanges, takeOver, type Worked } from '../correlate/index.ts'
import { createRarityState, createSigmaState, takeRarityChanges, takeSigmaChanges } from '../detect/index.ts'
import {
  decide,
  decideByHand,
  detect,
  detectLearning,
  detectQuiet,
  type EngineState,
  type Enrich,
} from '../engine/index.ts'
import {
  type AlertGroup,
  type AlertId,
  type EventHead,
  type EventOutcome,
  type IncidentNumber,
  oneLine,
  type TenantId,
} from '../model/index.ts'
import { createNormalizer, type RawDelivery } from '../normalize/index.ts'
import { createPlayer } from './play-run.ts'
import { createReceipt, type Receipt } from './receipt.ts'
import { createRecord } from './record.ts'
import type { FixtureHit, Replayed } from './replayed.ts'
import type { Scanned } from './scan.ts'

export interface ReplayParts {
  readonly bundle: Bundle
  readonly tenant: TenantId
  readonly enrich: Enrich
  /** What people decided, in order. */
  readonly decisions?: readonly PastDecision[]
  /** Bundles by digest, for decisions that were taken with another than the replay's. */
  readonly bundleOf?: (digest: string) => Bundle | undefined
}

/** What a person decided, at its place: after the deliveries up to `afterSeq`. */
export type PastDecision = { readonly afterSeq: number } & (
  | { readonly kind: 'work'; readonly worked: Worked }
  | {
      readonly kind: 'hand'
      readonly wish: ByHand
      readonly actor: string
      readonly reason: string
      readonly bundle: string
    }
)

/** A bundle that history is put through. */
export interface Replay {
  /** The next delivery, in the order of the inbox; `bundle` decides it instead of the one of the replay. */
  take(delivery: RawDelivery, receipt: Receipt, bundle?: Bundle): Promise<void>
  /** The same of a delivery that was looked at before, by {@link createScan} for the bundle of the replay. */
  takeScanned(items: readonly Scanned[], receipt: Receipt): Promise<void>
  /** What it all came to; called once. */
  finish(fixtures: readonly FixtureHit[]): Promise<Replayed>
}

const tidyEvery = 5000
const maxFaults = 20

/**
 * Puts recorded deliveries through the path of a live event: normalise, detect, correlate, assess, trigger, and play the
 * playbooks with the gate. Nothing is stored or sent. What live batches do with the store in between (recall, letting go)
 * changes no decision there, so it is left out here.
 */
export function createReplay(parts: ReplayParts): Replay {
  const { tenant, enrich } = parts
  const state: EngineState = {
    correlation: createState(),
    sigma: createSigmaState(),
    rarity: createRarityState(),
  }
  const perBundle = new Map<string, ReturnType<typeof createDecider>>()
  const receiptOf = createReceipt()
  const known = new Set<string>()
  const record = createRecord()
  const faults: string[] = []
  let events = 0

  function createDecider(bundle: Bundle) {
    return { bundle, normalizer: createNormalizer(bundle.integrations, tenant), player: createPlayer(bundle) }
  }
  const deciderOf = (bundle: Bundle) => {
    const found = perBundle.get(bundle.digest) ?? createDecider(bundle)
    perBundle.set(bundle.digest, found)
    return found
  }

  const fault = (event: EventHead, error: Error) => {
    record.count('deadLettered')
    if (faults.length < maxFaults) faults.push(`event ${event.seq}.${event.index}: ${oneLine(error.message, 200)}`)
  }

  const detectedIn = (one: Exclude<Scanned, { kind: 'dead' | 'dropped' }>, bundle: Bundle) => {
    if (one.kind === 'quiet') return detectQuiet(bundle, state, one.event)
    if (one.kind === 'learning') return detectLearning(bundle, state, one.event, enrich)
    return detect(bundle, state, one.event, one.alert, enrich)
  }

  const takeOne = async (one: Scanned, { bundle, player }: ReturnType<typeof createDecider>) => {
    if (one.kind === 'dead') return record.count('deadLettered', one.records)
    if (one.kind === 'dropped') return record.count('dropped')
    const { event } = one
    if (known.has(event.id)) return record.count('duplicate')
    known.add(event.id)
    record.seen(event.occurredAt)
    try {
      const detected = detectedIn(one, bundle)
      if (detected.length === 0) return record.count('noMatch')
      const decided = await decide(bundle, state, detected, enrich)
      record.count(decided.outcome satisfies EventOutcome)
      for (const decision of decided.alerts) {
        record.alert(decision, event)
        const { incident } = decision
        if (incident === null) continue
        for (const trigger of decision.triggers)
          if (record.hasRoomForRun()) record.run(await player.play(trigger, incident, event.receivedAt))
      }
    } catch (error) {
      fault(event, error as Error)
    }
  }

  const decisions = [...(parts.decisions ?? [])]
  /** Alerts that the state may have let go of; only kept where a decision may ask for them. */
  const archive = new Map<AlertId, AlertGroup>()
  const archiveOf = () => {
    const { alerts } = takeChanges(state.correlation)
    if (decisions.length > 0) for (const one of alerts) archive.set(one.id, one)
  }
  const alertsOf = async (incident: IncidentNumber) => {
    archiveOf()
    return [...archive.values()].filter((one) => record.standsIn(one.incident) === incident)
  }
  const applyOne = async (one: PastDecision) => {
    if (one.kind === 'work') return takeOver(state.correlation, one.worked)
    const bundle = parts.bundleOf?.(one.bundle) ?? parts.bundle
    const done = await decideByHand(bundle, state, one.wish, { actor: one.actor, reason: one.reason }, { alertsOf })
    if (done.ok) record.byHand(done, one.wish)
    else if (faults.length < maxFaults) faults.push(`what ${one.actor} decided: ${oneLine(done.why, 200)}`)
  }
  const applyUpTo = async (seq: number) => {
    for (let next = decisions[0]; next !== undefined && next.afterSeq < seq; next = decisions[0]) {
      await applyOne(next)
      decisions.shift()
    }
  }

  const tidy = () => {
    archiveOf()
    takeSigmaChanges(state.sigma)
    takeRarityChanges(state.rarity)
  }

  const takeAll = async (items: readonly Scanned[], receipt: Receipt, decider: ReturnType<typeof createDecider>) => {
    for (const one of items) {
      await takeOne(receiptOf(one, receipt), decider)
      if (++events % tidyEvery === 0) tidy()
    }
  }

  return {
    async take(delivery, receipt, bundle = parts.bundle) {
      await applyUpTo(delivery.seq)
      const decider = deciderOf(bundle)
      await takeAll(decider.normalizer.normalize(delivery), receipt, decider)
    },
    takeScanned: (items, receipt) => takeAll(items, receipt, deciderOf(parts.bundle)),
    async finish(fixtureHits) {
      await applyUpTo(Number.POSITIVE_INFINITY)
      const { digest, commit } = parts.bundle
      return { digest, commit, ...record.result(), fixtureHits, faults }
    },
  }
}
