import type { Bundle } from '../content/index.ts'
import { incidentFacts } from '../correlate/index.ts'
import { type Incident, oneLine } from '../model/index.ts'
import { play, type Trigger } from '../playbook/index.ts'
import type { ReplayedRun } from './replayed.ts'

const hourMs = 3_600_000
const maxEffects = 100

/** Plays what incidents set off, one after the other, so that budgets of the gate see what was done before. */
export interface Player {
  /** The run, with every approval taken as given: what would be asked is in its effects. */
  play(trigger: Trigger, incident: Incident, at: number): Promise<ReplayedRun>
}

/** A player over a bundle's playbooks and policies. Nothing is sent, and the world says yes to everything. */
export function createPlayer(bundle: Bundle): Player {
  const destructive: number[] = []
  return {
    async play(trigger, incident, at) {
      const { playbook, decision } = trigger
      const criticality = criticalityOf(incident)
      const head = { playbook: playbook.id, title: playbook.title, at, incident: incident.number }
      try {
        const played = await play(
          playbook,
          {
            facts: incidentFacts(incident),
            inputs: {},
            results: new Map(),
            answers: new Map(),
            signals: new Map(),
            destructiveInLastHour: destructive.filter((one) => one > at - hourMs).length,
            stopped: false,
            criticality,
            at,
          },
          { actions: bundle.actions, playbooks: bundle.playbooks, policies: bundle.policies, assume: true },
        )
        for (const one of played.effects)
          if (one.effect === 'destructive' && one.outcome === 'done') destructive.push(at)
        const effects = played.effects.slice(0, maxEffects).map((one) => ({
          action: one.action,
          effect: one.effect,
          target: oneLine(one.target, 200),
          criticality: criticality.get(one.target) ?? criticality.get(one.target.toLowerCase()) ?? null,
          answer: one.gate.answer,
          roles: one.asked?.roles ?? [],
          quorum: one.asked?.quorum ?? 0,
          also: one.asked?.also ?? [],
          sentence: oneLine(one.gate.sentence, 300),
        }))
        return { ...head, because: oneLine(decision.sentence, 300), status: played.end.status, effects }
      } catch (error) {
        const because = `it cannot be played: ${oneLine((error as Error).message, 200)}`
        return { ...head, because, status: 'fault', effects: [] }
      }
    },
  }
}

/** What the inventory says of the incident's observables. */
function criticalityOf(incident: Incident): ReadonlyMap<string, string> {
  return new Map(
    incident.enrichments.flatMap(({ provider, observable, data }) =>
      provider === 'inventory' && typeof data.criticality === 'string'
        ? [[observable.slice(observable.indexOf(':') + 1), data.criticality] as const]
        : [],
    ),
  )
}
