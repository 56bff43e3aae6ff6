import type { Bundle } from '../core/content/index.ts'
import type { AlertGroup, Decision, Fact, RuleRef } from '../core/model/index.ts'
import { createNormalizer, type RawDelivery } from '../core/normalize/index.ts'
import type { Tx } from '../store/index.ts'
import { readEvidence } from './evidence.ts'
import { type AlertRow, alertOfRow } from './incident-row.ts'
import { readIncident } from './read.ts'

/** Why an alert was raised, found by deciding again about the events that are kept. */
export interface WhyAlert {
  readonly alert: AlertGroup
  /** The rule in the content that explains; null when it has none of that id. */
  readonly rule: RuleRef | null
  readonly description: string
  /** The newest events behind the alert, and of how many that are kept. */
  readonly events: readonly WhyEvent[]
  readonly known: number
  /** The content that decided about its events when they came, oldest first: digest of the bundle and its commit. */
  readonly decidedBy: readonly { readonly bundle: string; readonly commit: string }[]
  /** The decisions that put it into its incident. */
  readonly decisions: readonly Decision[]
}

export interface WhyEvent {
  readonly event: string
  readonly seq: number
  readonly index: number
  readonly source: string | null
  readonly facts: readonly Fact[]
  readonly sentence: string
}

const maxEvents = 5

/** Explains a stored alert with the rules of `bundle`; null when there is no alert of that id. */
export async function whyAlert(
  tx: Tx,
  id: string,
  bundle: Pick<Bundle, 'detection' | 'sequences' | 'rarity' | 'integrations' | 'matcher'>,
  readDelivery: (tx: Tx, seq: number) => Promise<RawDelivery | null>,
): Promise<WhyAlert | null> {
  const found = await tx.query<AlertRow>('select incident, doc from alert where tenant = $1 and id = $2', [
    tx.tenant,
    id,
  ])
  const row = found.rows[0]
  if (row === undefined) return null
  const alert = alertOfRow(row)
  const incident = alert.incident === 0 ? null : await readIncident(tx, alert.incident)
  const evidence = await readEvidence(tx, alert.id)
  const normalizer = createNormalizer(bundle.integrations, tx.tenant)
  const today = [...bundle.detection, ...bundle.sequences, ...bundle.rarity.rules].find(
    (one) => one.id === alert.ruleId,
  )
  let rule: RuleRef | null = today?.ref ?? null
  let description = today?.description ?? ''
  const events: WhyEvent[] = []
  for (const { event, seq, index, source } of evidence.slice(-maxEvents)) {
    const delivery = await readDelivery(tx, seq)
    const record =
      delivery === null
        ? undefined
        : normalizer.normalize(delivery).find((one) => one.kind === 'event' && one.event.id === event)
    const place = { event, seq, index, source }
    if (record?.kind !== 'event') {
      events.push({ ...place, facts: [], sentence: "today's content no longer reads it as this event" })
      continue
    }
    const match = bundle.matcher.match(record.event).find((one) => one.rule.id === alert.ruleId)
    if (match !== undefined) events.push({ ...place, facts: match.facts, sentence: 'the rule matches it' })
    else if (record.alert !== null && record.alert.rule.id === alert.ruleId) {
      rule = record.alert.rule
      description = record.alert.description
      const facts = Object.entries(record.alert.details).map(([name, value]) => ({ name, value }))
      events.push({ ...place, facts, sentence: 'the vendor found it' })
    } else if (bundle.sequences.some((one) => one.id === alert.ruleId))
      events.push({ ...place, facts: [], sentence: 'it completed the sequence that the rule counts' })
    else if (alert.finding !== undefined)
      events.push({ ...place, facts: [], sentence: 'it was unusual by what the rule had learnt until then' })
    else events.push({ ...place, facts: [], sentence: 'the rule of today no longer matches it' })
  }
  const decided = await tx.query<{ bundle: string; commit: string }>(
    `select c.bundle, coalesce(b.commit, 'unknown') as commit from alert_event e
      join delivery_count c on c.tenant = e.tenant and c.seq = e.seq
      left join bundle b on b.tenant = e.tenant and b.digest = c.bundle
      where e.tenant = $1 and e.alert = $2 group by 1, 2 order by min(c.seq)`,
    [tx.tenant, id],
  )
  const about = (one: Decision) => one.facts.some((fact) => fact.name === 'alert' && fact.value === alert.title)
  return {
    alert,
    rule,
    description,
    events,
    known: evidence.length,
    decidedBy: decided.rows,
    decisions: (incident?.decisions ?? []).filter(about),
  }
}
