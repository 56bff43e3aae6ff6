import type { Bundle } from '../content/index.ts'
import { createState, takeChanges } from '../correlate/index.ts'
import { createRarityState, createSigmaState, takeRarityChanges, takeSigmaChanges } from '../detect/index.ts'
import { type AlertDecision, decide, detect, type EngineState, type Enrich } from '../engine/index.ts'
import { type Event, type EventOutcome, oneLine, type TenantId } from '../model/index.ts'
import { createNormalizer, type Normalized, type RawDelivery } from '../normalize/index.ts'
import { createPlayer } from './play-run.ts'
import { createReceipt, type Receipt } from './receipt.ts'
import { createRecord } from './record.ts'
import type { FixtureHit, Replayed } from './replayed.ts'

export interface ReplayParts {
  readonly bundle: Bundle
  readonly tenant: TenantId
  readonly enrich: Enrich
  /** Told of every decision; for who compares it with what was stored. */
  readonly onDecision?: (decision: AlertDecision, event: Event) => void
}

/** A bundle that history is put through. */
export interface Replay {
  /** The next delivery, in the order of the inbox; `bundle` decides it instead of the one of the replay. */
  take(delivery: RawDelivery, receipt: Receipt, bundle?: Bundle): Promise<void>
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

  const fault = (event: Event, error: Error) => {
    record.count('deadLettered')
    if (faults.length < maxFaults) faults.push(`event ${event.seq}.${event.index}: ${oneLine(error.message, 200)}`)
  }

  const takeOne = async (one: Normalized, { bundle, player }: ReturnType<typeof createDecider>) => {
    if (one.kind === 'dead') return record.count('deadLettered', one.records)
    if (one.kind === 'dropped') return record.count('dropped')
    const { event } = one
    if (known.has(event.id)) return record.count('duplicate')
    known.add(event.id)
    record.seen(event.occurredAt)
    try {
      const detected = detect(bundle, state, event, one.alert, enrich)
      if (detected.length === 0) return record.count('noMatch')
      const decided = await decide(bundle, state, detected, enrich)
      record.count(decided.outcome satisfies EventOutcome)
      for (const decision of decided.alerts) {
        parts.onDecision?.(decision, event)
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

  return {
    async take(delivery, receipt, bundle = parts.bundle) {
      const decider = deciderOf(bundle)
      for (const normalized of decider.normalizer.normalize(delivery)) {
        await takeOne(receiptOf(normalized, receipt), decider)
        if (++events % tidyEvery === 0) tidy()
      }
    },
    finish(fixtureHits) {
      const { digest, commit } = parts.bundle
      return { digest, commit, ...record.result(), fixtureHits, faults }
    },
  }
}
