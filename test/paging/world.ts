import { saveIncidents } from '../../src/cases/index.ts'
import { compileEscalationPolicy, type EscalationPolicy, type Person } from '../../src/core/escalate/index.ts'
import type { Incident, IncidentSeverity } from '../../src/core/model/index.ts'
import { createEscalator, type Reach } from '../../src/paging/index.ts'
import { enableChannel } from '../../src/projection/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import { documentOf } from '../support/document.ts'
import { testStore } from '../support/store.ts'

export const minute = 60_000

export const policyOf = (id: string, order: number, rest: string): EscalationPolicy => {
  const text = `id: ${id}\ntitle: ${id} is escalated\nwhy: test\norder: ${order}\n${rest}`
  const compiled = compileEscalationPolicy(documentOf(`rules/escalation/policies/${id}.yaml`, text))
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('\n'))
  return compiled.value
}

export const people: readonly Person[] = [
  { id: 'early', email: 'early@example.com', roles: ['responder'] },
  { id: 'late', email: 'late@example.com', roles: ['responder'] },
  { id: 'lead', email: 'lead@example.com', roles: ['incident-lead'] },
]

export const assessed = (severity: IncidentSeverity, parts: Partial<Incident> = {}): Incident =>
  madeIncident({
    assessment: { score: 80, severity, contributions: [], explanation: 'because', recommendation: 'look' },
    ...parts,
  })

interface Mail {
  readonly id: string
  readonly to: string
}

/** A store with escalation on, policies, people, a clock that stands, and ways that only remember. */
export async function escalationWorld(
  policies: readonly EscalationPolicy[],
  options: { readonly store?: OpenStore; readonly reach?: Partial<Reach> } = {},
) {
  const store = options.store ?? (await testStore())
  const time = { at: 1_000_000 }
  const mails: Mail[] = []
  for (const channel of ['escalation', 'slack', 'pagerduty'] as const) await enableChannel(store, channel, time.at)
  const escalator = (reach: Partial<Reach> = options.reach ?? {}) =>
    createEscalator({
      store,
      policies: () => policies,
      team: () => people,
      clock: () => time.at,
      log: () => {},
      reach: {
        slack: true,
        pagerduty: () => true,
        email: async (id, { to }) => void mails.push({ id, to }),
        ...reach,
      },
    })
  const rows = <Row>(sql: string) => store.transaction(async (tx) => (await tx.query<Row>(sql)).rows)
  return {
    store,
    time,
    mails,
    escalator,
    rows,
    save: (incident: Incident) => store.transaction((tx) => saveIncidents(tx, [incident])),
    tick: () => escalator().tick(),
    /** What Slack was left, by channel or person, in order. */
    calls: async () =>
      (
        await rows<{
          body: { channel: string | null; email: string | null; sentence: string; approval: string | null }
        }>(`select body from projection where channel = 'slack' and body is not null order by marked_at, subject`)
      ).map((one) => one.body),
    pages: () =>
      rows<{ subject: string; service: string }>('select subject, service from page order by subject, service'),
    timeline: async () =>
      (await rows<{ sentence: string }>('select sentence from timeline order by incident, n')).map(
        (one) => one.sentence,
      ),
    audit: async () =>
      (await rows<{ action: string }>('select action from audit order by seq')).map((one) => one.action),
  }
}
