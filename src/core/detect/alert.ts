import {
  type Alert,
  alertId,
  type Event,
  type EventHead,
  type Fact,
  formatPlace,
  type Observable,
  observableKey,
} from '../model/index.ts'
import type { RarityHit } from './rarity/detector.ts'
import { shown } from './rarity/reader.ts'
import { findingOf } from './sigma/correlation-finding.ts'
import type { CorrelationHit } from './sigma/correlator.ts'
import type { Match } from './sigma/matcher.ts'
import type { RuleHead } from './sigma/rule.ts'
import type { View } from './sigma/view.ts'

/** The alert of a rule that matched one event. */
export function alertOf(event: EventHead, match: Match): Alert {
  const filters = match.rule.filters.map(
    ({ ref }) => `${ref.title}${ref.place === undefined ? '' : ` (${formatPlace(ref.place)})`}`,
  )
  const facts =
    filters.length === 0 ? match.facts : [...match.facts, { name: 'filters that let it pass', value: filters }]
  return build(event, match, [event.id], facts, event.id)
}

/**
 * The alert of a correlation whose condition was met: by the event, or at the end of a window, of which `event` is only
 * what moved time on.
 */
export function alertOfCorrelation(event: EventHead, hit: CorrelationHit): Alert {
  const facts: Fact[] = [
    { name: 'count', value: hit.count },
    { name: 'since', value: hit.firstAt },
    ...hit.group.map(([name, value]) => ({ name, value })),
  ]
  const { anchor } = hit
  const last: EventHead =
    anchor === null
      ? event
      : {
          ...event,
          source: anchor.source,
          observables: anchor.observables,
          occurredAt: anchor.at,
          receivedAt: anchor.receivedAt,
        }
  return { ...build(last, hit, hit.eventIds, facts, anchor?.event ?? event.id), finding: findingOf(hit) }
}

/** The alert of something unusual: its title says what, its finding what was usual. */
export function alertOfRarity(event: Event, { rule, view, entity, value, sentence, facts }: RarityHit): Alert {
  const alert = build(event, { rule, view }, [event.id], facts, event.id)
  const [first] = facts
  const title = first === undefined ? rule.title : `${rule.title}: ${shown(String(first.value))}`
  return { ...alert, title, key: JSON.stringify([rule.id, entity, value]), finding: { sentence, facts } }
}

function build(
  event: EventHead,
  { rule, view }: { readonly rule: RuleHead; readonly view: View },
  eventIds: Alert['eventIds'],
  facts: readonly Fact[],
  identity: string,
): Alert {
  return {
    id: alertId(event.tenant, rule.id, identity),
    tenant: event.tenant,
    kind: 'detection',
    source: event.source,
    rule: rule.ref,
    title: rule.title,
    description: rule.description,
    severity: rule.severity,
    confidence: null,
    occurredAt: event.occurredAt,
    detectedAt: event.receivedAt,
    ingestedAt: event.receivedAt,
    techniques: rule.techniques,
    tactics: rule.tactics,
    observables: event.observables,
    key: `${rule.id}|${keyOf(event, rule, view)}`,
    updateOf: null,
    eventIds,
    url: null,
    details: Object.fromEntries(facts.map((fact) => [fact.name, fact.value])),
  }
}

function keyOf(event: EventHead, rule: RuleHead, view: View): string {
  if (rule.aggregateBy !== null) {
    return JSON.stringify(rule.aggregateBy.map((field) => (view.field(field).lower()[0] ?? '').slice(0, 200)))
  }
  const entities = event.observables.filter(isEntity)
  return JSON.stringify((entities.length > 0 ? entities : event.observables).map(observableKey).sort().slice(0, 5))
}

const isEntity = (one: Observable) => one.role === 'target' || one.type === 'user' || one.type === 'host'
