import { assess } from '../assess/index.ts'
import type { Bundle } from '../content/index.ts'
import {
  applyByHand,
  type Because,
  type ByHand,
  type DoneByHand,
  putIncident,
  type Recall,
} from '../correlate/index.ts'
import { type AlertGroup, gradedBy, type Incident, type IncidentNumber } from '../model/index.ts'
import type { EngineState } from './engine.ts'

/** What a person decided about which alerts are one incident, with what is asked for it. */
export interface HandParts {
  readonly recall?: Recall
  readonly alertsOf: (incident: IncidentNumber) => Promise<readonly AlertGroup[]>
}

const nothing: Recall = { incidents: async () => [], decisions: async () => [], alerts: async () => [] }

/**
 * Applies a person's decision and scores the incidents again that it changed: the same live and in a replay. It looks nothing up and sets off
 * no playbook: the next alert of the incident does, or somebody by hand.
 */
export async function decideByHand(
  bundle: Pick<Bundle, 'correlation' | 'scoring'>,
  state: Pick<EngineState, 'correlation'>,
  wish: ByHand,
  because: Because,
  { recall = nothing, alertsOf }: HandParts,
): Promise<DoneByHand> {
  const parts = { state: state.correlation, rules: bundle.correlation, recall, alertsOf }
  const done = await applyByHand(parts, wish, because)
  if (!done.ok) return done
  const incidents: Incident[] = []
  for (const one of done.incidents) {
    const said = one.assessment?.said ?? null
    const incident = { ...one, assessment: gradedBy(await assess(one, one.enrichments, bundle.scoring), said) }
    putIncident(state.correlation, incident)
    incidents.push(incident)
  }
  return { ...done, incidents }
}
