import type { Bundle } from '../content/index.ts'
import { createState, takeChanges } from '../correlate/index.ts'
import { createRarityState, createSigmaState, takeRarityChanges, takeSigmaChanges } from '../detect/index.ts'
import { decide, detect, detectLearning, detectQuiet, type EngineState, type Enrich } from '../engine/index.ts'
import { type EventHead, type EventOutcome, oneLine, type TenantId } from '../model/index.ts'
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
}

/** A bundle that history is put through. */
export interface Replay {
  /** The next delivery, in the order of the inbox; `bundle` decides it instead of the one of the replay. */
  take(delivery: RawDelivery, receipt: Receipt, bundle?: Bundle): Promise<void>
  /** The same of a delivery that was looked at before, by {@link createScan} for the bundle of the replay. */
  takeScanned(items: readonly Scanned[], receipt: Receipt): Promise<void>
  /** What it all came to; called once. */
  finish(fixtures: readonly FixtureHit[]): Replayed
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

  const tidy = () => {
    takeChanges(state.correlation)
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
      const decider = deciderOf(bundle)
      await takeAll(decider.normalizer.normalize(delivery), receipt, decider)
    },
    takeScanned: (items, receipt) => takeAll(items, receipt, deciderOf(parts.bundle)),
    finish(fixtureHits) {
      const { digest, commit } = parts.bundle
      return { digest, commit, ...record.result(), fixtureHits, faults }
    },
  }
}
