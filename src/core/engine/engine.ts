import { assess } from '../assess/index.ts'
import type { Bundle } from '../content/index.ts'
import {
  type Correlated,
  type CorrelationState,
  correlate,
  incidentFacts,
  putIncident,
  type Recall,
  titleOf,
} from '../correlate/index.ts'
import {
  alertOf,
  alertOfCorrelation,
  alertOfRarity,
  type CorrelationHit,
  type Match,
  type RarityHit,
  type RarityState,
  type SigmaState,
  type Tuned,
} from '../detect/index.ts'
import type { Alert, Decision, Enrichment, Event, EventHead, EventOutcome, Incident } from '../model/index.ts'
import { gradedBy } from '../model/index.ts'
import { type IncidentChange, type Playbook, type Trigger, triggersOf } from '../playbook/index.ts'
import { type Enrich, locateBy } from './locate.ts'

/** Everything the engine remembers of a tenant. */
export interface EngineState {
  readonly correlation: CorrelationState
  readonly sigma: SigmaState
  readonly rarity: RarityState
}

/** An alert that was counted, and what came of it. */
export interface AlertDecision {
  readonly alert: Alert
  readonly correlated: Correlated
  /** The incident after assessment, when there is one. */
  readonly incident: Incident | null
  readonly triggers: readonly Trigger[]
  /** What an overlay changed about the rule that raised it. */
  readonly tuned: Decision | null
}

/** An alert that an event raises, and what an overlay had to say about it. */
export interface Detected {
  readonly alert: Alert
  readonly tuned: Decision | null
  /** Whether the overlay keeps it from being raised: it is counted, and correlates with nothing. */
  readonly withheld: boolean
}

/** What a bundle decides about one event. */
export interface Decided {
  readonly outcome: Extract<EventOutcome, 'alerted' | 'noMatch' | 'duplicate' | 'suppressed'>
  readonly alerts: readonly AlertDecision[]
}

const maxEnriched = 60

/** The alerts that one event raises: the vendor's own, those of rules, of rules over several events, and of rules that learn. */
export function detect(
  bundle: Bundle,
  state: Pick<EngineState, 'sigma' | 'rarity'>,
  event: Event,
  vendorAlert: Alert | null,
  enrich: Enrich,
): readonly Detected[] {
  const matches = tunedBy(bundle, event, bundle.matcher.match(event))
  const vendors = vendorAlert === null ? [] : [{ alert: vendorAlert, tuned: null, withheld: false }]
  return [...vendors, ...fromMatches(bundle, state, event, matches), ...detectUnusual(bundle, state, event, enrich)]
}

/** What {@link detect} says of an event on which no detection rule of the bundle matches, and which is no vendor's alert. */
export function detectLearning(
  bundle: Bundle,
  state: Pick<EngineState, 'sigma' | 'rarity'>,
  event: Event,
  enrich: Enrich,
): readonly Detected[] {
  return [...fromMatches(bundle, state, event, []), ...detectUnusual(bundle, state, event, enrich)]
}

/**
 * The same of one on which no rule that learns matches either: nothing of its record is asked for. It moves time on, by which
 * windows end.
 */
export function detectQuiet(bundle: Bundle, state: Pick<EngineState, 'sigma'>, event: EventHead): readonly Detected[] {
  return fromMatches(bundle, state, event, [])
}

/** The alerts of detection rules and of those that count them. */
function fromMatches(
  bundle: Bundle,
  { sigma }: Pick<EngineState, 'sigma'>,
  event: EventHead,
  matches: readonly Tuned<Match>[],
): readonly Detected[] {
  const counted = matches.filter((one) => one.kind === 'kept').map(({ match }) => match)
  const hits = tunedBy(bundle, event, bundle.correlator.observe(sigma, event, counted))
  const isSilent = ({ kind, match }: Tuned<Match>) => kind === 'kept' && bundle.correlator.silent.has(match.rule.id)
  return [
    ...matches.filter((one) => !isSilent(one)).map((one) => detected(alertOf(event, one.match), one)),
    ...hits.map((one) => detected(alertOfCorrelation(event, one.match), one)),
  ]
}

function detectUnusual(
  bundle: Bundle,
  { rarity }: Pick<EngineState, 'rarity'>,
  event: Event,
  enrich: Enrich,
): readonly Detected[] {
  const unusual = bundle.rarity.observe(rarity, event, locateBy(enrich, event.receivedAt))
  return tunedBy(bundle, event, unusual).map((one) => detected(alertOfRarity(event, one.match), one))
}

/** Matches as the overlays leave them. What is withheld is no match: correlations do not count it. */
function tunedBy<T extends Match | CorrelationHit | RarityHit>(
  { tuning }: Bundle,
  event: EventHead,
  matches: readonly T[],
): readonly Tuned<T>[] {
  return matches.map((match) => tuning.tune(match, event))
}

function detected(alert: Alert, { kind, decision }: Tuned<unknown>): Detected {
  return { alert, tuned: decision, withheld: kind === 'withheld' }
}

/**
 * Decides about the alerts of one event: correlate, assess, trigger. The same bundle, state and events give the same
 * answers, live, in CI, in a preview and in a replay. `recall` brings back what was let go of the state.
 */
export async function decide(
  bundle: Bundle,
  state: EngineState,
  alerts: readonly Detected[],
  enrich: Enrich,
  recall?: Recall,
): Promise<Decided> {
  const decisions: AlertDecision[] = []
  for (const { alert, tuned, withheld } of alerts) {
    if (withheld && tuned !== null)
      decisions.push({
        alert,
        correlated: { outcome: 'suppressed', decision: tuned },
        incident: null,
        triggers: [],
        tuned: null,
      })
    else decisions.push({ ...(await decideAlert(bundle, state, alert, enrich, recall)), tuned })
  }
  return { outcome: outcomeOf(decisions), alerts: decisions }
}

function outcomeOf(decisions: readonly AlertDecision[]): Decided['outcome'] {
  const has = (outcome: Correlated['outcome']) => decisions.some((one) => one.correlated.outcome === outcome)
  if (has('alerted')) return 'alerted'
  if (has('suppressed')) return 'suppressed'
  return has('duplicate') ? 'duplicate' : 'noMatch'
}

async function decideAlert(
  bundle: Bundle,
  state: EngineState,
  alert: Alert,
  enrich: Enrich,
  recall: Recall | undefined,
): Promise<Omit<AlertDecision, 'tuned'>> {
  const correlated = await correlate(state.correlation, alert, bundle.correlation, recall)
  if (correlated.outcome !== 'alerted' || correlated.incident === null)
    return { alert, correlated, incident: null, triggers: [] }
  const enrichments = enrichmentsOf(correlated.incident, alert.ingestedAt, enrich)
  const said = correlated.incident.assessment?.said ?? null
  const assessment = gradedBy(await assess(correlated.incident, enrichments, bundle.scoring), said)
  const known = { ...correlated.incident, enrichments }
  // The title was made of all this but what was learnt just now.
  const title = enrichments === correlated.incident.enrichments ? known.title : titleOf(known, known.title)
  const assessed: Incident = { ...known, title, assessment }
  const changes: IncidentChange[] = [
    correlated.change === 'opened' ? 'opened' : 'extended',
    ...(correlated.escalations.length > 0 ? (['escalated'] as const) : []),
  ]
  const isWaiting = (one: Playbook) => one.trigger.once === 'change' || !assessed.playbooks.includes(one.id)
  const triggers = await triggersOf(playbooksOf(bundle), changes, incidentFacts(assessed), isWaiting)
  const started = triggers.map((one) => one.playbook.id)
  const incident: Incident =
    started.length === 0
      ? assessed
      : { ...assessed, playbooks: [...new Set([...assessed.playbooks, ...started])].sort() }
  putIncident(state.correlation, incident)
  return { alert, correlated, incident, triggers }
}

/** As a list: going through a map makes an object for each entry, for each alert. */
const lists = new WeakMap<Bundle, readonly Playbook[]>()

function playbooksOf(bundle: Bundle): readonly Playbook[] {
  const known = lists.get(bundle) ?? [...bundle.playbooks.values()]
  lists.set(bundle, known)
  return known
}

/** What stands in an incident's enrichments already: those themselves, and others that say the same of the same. */
const knownBy = new WeakMap<readonly Enrichment[], Set<Enrichment>>()

/** What is known of the incident's observables: what was known stays, what a provider says for the first time is added. */
function enrichmentsOf({ observables, enrichments }: Incident, at: number, enrich: Enrich): readonly Enrichment[] {
  const known = knownBy.get(enrichments) ?? new Set(enrichments)
  knownBy.set(enrichments, known)
  const asked = observables.length <= maxEnriched ? observables : observables.slice(0, maxEnriched)
  const found = enrich(asked, at).filter((one) => {
    if (known.has(one)) return false
    const { provider, observable } = one
    if (!enrichments.some((other) => other.provider === provider && other.observable === observable)) return true
    known.add(one)
    return false
  })
  return found.length === 0 ? enrichments : [...enrichments, ...found]
}

/** The sentences of a decision about an alert, for timelines. */
export function sentencesOf(decision: AlertDecision): readonly Decision[] {
  const { correlated } = decision
  if (correlated.outcome !== 'alerted') return [correlated.decision]
  return [
    ...(decision.tuned !== null && correlated.isNew ? [decision.tuned] : []),
    ...correlated.decisions,
    ...correlated.escalations.map((one) => one.decision),
    ...decision.triggers.map((one) => one.decision),
  ]
}
