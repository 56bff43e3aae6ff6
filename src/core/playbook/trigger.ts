import { type Decision, formatPlace, type JsonObject } from '../model/index.ts'
import type { IncidentChange, Playbook } from './language.ts'

/** A playbook that is to run, and why. */
export interface Trigger {
  readonly playbook: Playbook
  readonly decision: Decision
}

/**
 * The playbooks that what happened to an incident sets off, of those that `isWaiting` for it. How often each runs for one
 * incident is seen to by the run's identity.
 */
export async function triggersOf(
  playbooks: readonly Playbook[],
  changes: readonly IncidentChange[],
  facts: JsonObject,
  isWaiting: (playbook: Playbook) => boolean = () => true,
): Promise<readonly Trigger[]> {
  const triggers: Trigger[] = []
  const happened = (one: IncidentChange) => changes.includes(one)
  for (const playbook of playbooks) {
    const { on, when } = playbook.trigger
    if (when === null || !on.some(happened) || !isWaiting(playbook)) continue
    const seen = when.known(facts) ?? (await when.decide(facts))
    if (!seen.matched) continue
    const place = playbook.ref.place === undefined ? '' : ` (${formatPlace(playbook.ref.place)})`
    const because = seen.facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')
    triggers.push({
      playbook,
      decision: {
        answer: 'started',
        rule: playbook.ref,
        facts: seen.facts,
        sentence: `"${playbook.title}" starts because ${because}${place}`,
      },
    })
  }
  return triggers
}
