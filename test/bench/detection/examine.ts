import { createState } from '../../../src/core/correlate/index.ts'
import { createRarityState, createSigmaState } from '../../../src/core/detect/index.ts'
import { decide, detect } from '../../../src/core/engine/index.ts'
import { type Event, type Incident, type JsonObject, type LogSource, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer } from '../../../src/core/normalize/index.ts'
import type { RuleSets } from './rule-sets.ts'

/** What came of one recording. */
export interface Examined {
  readonly events: number
  /** Records that no integration took. */
  readonly refused: number
  /** Matches and correlations by rule id; rules kept silent by a correlation are not among them. */
  readonly firings: ReadonlyMap<string, number>
  /** Log sources the events have, each once. */
  readonly logsources: readonly LogSource[]
  /** Integrations that recognised the records. */
  readonly sources: readonly string[]
  /** Records that are verdicts of the vendor already: alerts without a rule of ours. */
  readonly verdicts: number
  /** Incidents that our own content makes of it. */
  readonly incidents: readonly Incident[]
}

const tenant = tenantId('main')
const chunk = 1000
const receivedAt = Date.UTC(2026, 10, 21)

/** Takes records through the manifests, both rule sets, and our correlation, in order of event time. */
export async function examine(rules: RuleSets, records: readonly (JsonObject | string)[]): Promise<Examined> {
  const { events, refused, verdicts } = normalize(rules, records)
  const firings = new Map<string, number>()
  const logsources = new Map<string, LogSource>()
  const sources = new Set<string>()
  const count = (id: string) => {
    if (rules.alerting.has(id)) firings.set(id, (firings.get(id) ?? 0) + 1)
  }
  const state = { correlation: createState(), sigma: createSigmaState(), rarity: createRarityState() }
  const incidents = new Map<number, Incident>()
  for (const event of events) {
    logsources.set(JSON.stringify(event.logsource), event.logsource)
    sources.add(event.source)
    for (const match of rules.sigmaHq.match(event)) count(match.rule.id)
    const decided = await decide(
      rules.bundle,
      state,
      detect(rules.bundle, state, event, null, () => []),
      () => [],
    )
    for (const { alert, correlated, incident } of decided.alerts) {
      count(alert.rule.id)
      if (correlated.outcome === 'alerted') for (const one of correlated.merged) incidents.delete(one.from)
      if (incident !== null) incidents.set(incident.number, incident)
    }
  }
  return {
    events: events.length,
    refused,
    firings,
    logsources: [...logsources.values()],
    sources: [...sources],
    verdicts,
    incidents: [...incidents.values()],
  }
}

/** What the manifests make of records, in order of event time. */
export function normalize(rules: RuleSets, records: readonly (JsonObject | string)[]) {
  const normalizer = createNormalizer(rules.bundle.integrations, tenant)
  const events: Event[] = []
  let refused = 0
  let verdicts = 0
  for (let seq = 0; seq * chunk < records.length; seq++) {
    const lines = records.slice(seq * chunk, (seq + 1) * chunk)
    const text = lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
    const body = new TextEncoder().encode(text)
    const delivery = { source: null, transport: 'file', contentType: 'application/x-ndjson' } as const
    for (const one of normalizer.normalize({ ...delivery, receivedAt, seq, body }))
      if (one.kind === 'event') {
        events.push(one.event)
        if (one.alert !== null) verdicts++
      } else refused++
  }
  return { events: events.toSorted((a, b) => a.occurredAt - b.occurredAt), refused, verdicts }
}
