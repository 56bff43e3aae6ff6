import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  compileRarityRule,
  createRarityDetector,
  createRarityState,
  type RarityRule,
} from '../../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'
import { data, type RuleSets } from './rule-sets.ts'

const tenant = tenantId('main')
const dayMs = 86_400_000
const companies = ['russellmitchell', 'shaw', 'wardbeck']

/**
 * Rules that measure three of our kinds on alerts of other systems: no rule of ours reads these, and what is asked is how
 * often a kind calls the ordinary unusual. Bounds are those that our own rules have; the warm-up is two days, as there are
 * only four to six; three where the hour of the day counts.
 */
const measuring: readonly (JsonObject & { readonly title: string })[] = [
  {
    title: 'first_seen: a host has an alert that it never had',
    first_seen: {
      entity: { label: 'host', fields: ['host'] },
      value: { label: 'alert', fields: ['name'] },
      ...{ window: '30d', warmUp: { events: 50, days: 2 } },
    },
  },
  {
    title: 'the same, but usual where three other hosts have had it',
    first_seen: {
      entity: { label: 'host', fields: ['host'] },
      value: { label: 'alert', fields: ['name'] },
      ...{ window: '30d', warmUp: { events: 50, days: 2 } },
      peers: { label: 'company', fields: [], usualFrom: 3, level: 'none' },
    },
  },
  {
    title: 'rare: an alert that hardly any host has',
    rare: {
      entity: { label: 'host', fields: ['host'] },
      value: { label: 'alert', fields: ['name'] },
      among: { label: 'hosts', fields: [] },
      below: { count: 3, share: 0.001, entities: 2 },
      ...{ window: '14d', warmUp: { events: 5000, days: 2 } },
    },
  },
  {
    title: 'spike: far more alerts of a host in an hour than usual at that hour',
    spike: {
      entity: { label: 'host', fields: ['host'] },
      ...{ counted: 'alerts', bucket: '1h', season: 'day', deviations: 10, atLeast: 50, unseen: 'unknown' },
      ...{ window: '14d', warmUp: { days: 3 } },
    },
  },
  {
    title: 'spike: the same without the hour of the day',
    spike: {
      entity: { label: 'host', fields: ['host'] },
      ...{ counted: 'alerts', bucket: '1h', season: 'none', deviations: 10, atLeast: 50, unseen: 'unknown' },
      ...{ window: '14d', warmUp: { days: 2 } },
    },
  },
]

/** How often rules that learn call ordinary traffic unusual: three companies of four to six days, 207,583 alerts. */
export async function unusual(_rules: RuleSets, say: (line: string) => void): Promise<void> {
  const folder = join(data, 'alert-triage-ait-ads')
  if (!existsSync(folder)) return say(`skipped: no alerts in ${folder} (set GITSOC_SHARED_DATA)`)
  const rules = measuring.map(compiled)
  const totals = rules.map(() => ({ ordinary: 0, attack: 0, phases: 0, of: 0, days: 0 }))
  for (const company of companies) {
    const rows = rowsOf(join(folder, `${company}_alerts.csv.gz`))
    const span = ((rows.at(-1)?.at ?? 0) - (rows[0]?.at ?? 0)) / dayMs
    const found = alertsOn(rules, rows)
    // From here on labels are read: everything has been decided.
    const labels = labelsOf(join(folder, `${company}_alerts.csv.gz`))
    const phases = new Set(labels.filter((one) => one !== ordinary))
    say(
      `unusual    ${company}: ${rows.length} alerts of ${span.toFixed(1)} days, ${labels.filter((one) => one === ordinary).length} of them in ordinary hours`,
    )
    for (const [index, rule] of rules.entries()) {
      const at = (found.get(rule.id) ?? []).map((row) => labels[row] ?? ordinary)
      const days = span - learningDays(rule)
      const quiet = at.filter((one) => one === ordinary).length
      const noticed = new Set(at.filter((one) => one !== ordinary))
      say(
        `  ${rule.title}: ${quiet} in ordinary hours (${(quiet / days).toFixed(1)} a day after ${learningDays(rule)} of learning), ${at.length - quiet} in the attack, ${noticed.size} of ${phases.size} phases`,
      )
      const total = totals[index]
      if (total === undefined) continue
      total.ordinary += quiet
      total.attack += at.length - quiet
      total.phases += noticed.size
      total.of += phases.size
      total.days += days
    }
  }
  say('')
  for (const [index, rule] of rules.entries()) {
    const total = totals[index] ?? { ordinary: 0, attack: 0, phases: 0, of: 0, days: 0 }
    say(
      `unusual    ${rule.title}: ${(total.ordinary / total.days).toFixed(1)} false alarms a day and company (${total.ordinary} in ${total.days.toFixed(1)} days), ${total.attack} alerts in attacks, ${total.phases} of ${total.of} phases`,
    )
  }
}

const ordinary = 'false_positive'
const learningDays = ({ warmUp }: RarityRule) => warmUp.ms / dayMs

function compiled(about: JsonObject & { readonly title: string }, index: number): RarityRule {
  const id = `00000000-0000-5000-8000-00000000000${index}`
  const detection = { selection: { 'host|exists': true }, condition: 'selection' }
  const text = JSON.stringify({ id, owner: 'bench', level: 'low', logsource: { product: 'ait' }, detection, ...about })
  const rule = compileRarityRule(documentOf(`measuring-${index}.yaml`, text))
  if (rule.ok) return rule.value
  throw new Error(rule.problems.map((one) => one.message).join('; '))
}

interface Row {
  readonly at: number
  readonly record: JsonObject
}

/** Time, name, address and host of each row in the order of the file, which is that of time; names may hold commas. */
function rowsOf(path: string): readonly Row[] {
  return linesOf(path).map((line) => {
    const parts = line.split(',')
    const [ip = '', host = ''] = parts.slice(-5)
    const name = parts.slice(1, -5).join(',')
    return { at: Number(parts[0]) * 1000, record: { name, ip, host } }
  })
}

const labelsOf = (path: string) => linesOf(path).map((line) => line.split(',').at(-2) ?? '')

const linesOf = (path: string) =>
  gunzipSync(readFileSync(path))
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(1)
    .toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b))

/** The rows on which each rule alerts, by rule id. */
function alertsOn(rules: readonly RarityRule[], rows: readonly Row[]): ReadonlyMap<string, readonly number[]> {
  const detector = createRarityDetector(rules)
  const state = createRarityState()
  const found = new Map<string, number[]>()
  for (const [seq, { at, record }] of rows.entries()) {
    const event: Event = {
      ...{ id: eventId(tenant, 'ait', String(seq)), tenant, source: 'ait', inbound: 'row', seq, index: 0 },
      ...{
        occurredAt: at,
        timeNote: 'as-sent',
        receivedAt: at,
        logsource: { product: 'ait' },
        observables: [],
        record,
      },
    }
    for (const { rule } of detector.observe(state, event, () => null))
      found.set(rule.id, [...(found.get(rule.id) ?? []), seq])
  }
  return found
}
