import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadBriefs, mergesOf, mergeWork, recallFrom, saveAlerts, writeIncidents } from '../../src/cases/index.ts'
import { loadBundle } from '../../src/cli/load-bundle.ts'
import {
  type Correlated,
  correlate,
  createState,
  horizonMs,
  letGo,
  metaOf,
  recallFor,
  stateOf,
  takeChanges,
} from '../../src/core/correlate/index.ts'
import {
  type Alert,
  alertId,
  type EventId,
  type Json,
  type Observable,
  type SeverityId,
  tenantId,
} from '../../src/core/model/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { storedWork } from '../support/stored-work.ts'

const tenant = tenantId('main')
const { correlation } = await loadBundle()

const entities: readonly Observable[] = Array.from({ length: 5 }, (_, n): Observable[] => [
  { type: 'ip', value: `203.0.113.${n}`, role: 'attacker' },
  { type: 'user', value: `user${n}@example.com`, role: 'target' },
  { type: 'host', value: `ws-${n}`, role: 'target' },
]).flat()

const tactics = ['initial-access', 'execution', 'persistence', 'exfiltration']

/** Few entities and minutes apart, so that alerts join, repeat and bring incidents together. */
const arbitraryAlert = fc.record({
  minute: fc.integer({ min: 0, max: 6000 }),
  kind: fc.integer({ min: 0, max: 3 }),
  severity: fc.constantFrom<SeverityId>(1, 3, 4, 5),
  who: fc.uniqueArray(fc.nat(entities.length - 1), { minLength: 1, maxLength: 2 }),
})

function alertFrom(seed: typeof arbitraryAlert extends fc.Arbitrary<infer T> ? T : never, n: number): Alert {
  const at = Date.parse('2026-05-01T00:00:00Z') + seed.minute * 60_000
  const observables = seed.who.flatMap((index) => entities[index] ?? [])
  return {
    id: alertId(tenant, `rule-${seed.kind}`, String(n)),
    tenant,
    kind: 'detection',
    source: seed.kind % 2 === 0 ? 'okta' : 'wazuh',
    rule: { kind: 'detection', id: `rule-${seed.kind}`, title: `Rule ${seed.kind}` },
    title: `Rule ${seed.kind}`,
    description: '',
    severity: seed.severity,
    confidence: null,
    occurredAt: at,
    detectedAt: at,
    ingestedAt: at,
    techniques: [],
    tactics: [tactics[seed.kind] ?? 'execution'],
    observables,
    key: `rule-${seed.kind}|${observables.map((one) => one.value).join('|')}`,
    updateOf: null,
    eventIds: [`ev-${n}` as EventId],
    url: null,
    details: {},
  }
}

const brief = (one: Correlated) =>
  one.outcome === 'alerted' ? [one.change, one.alert.id, one.incident?.number ?? null, one.merged] : [one.outcome]

test.each([
  ['that is loaded anew for each batch', true],
  ['that lets go of everything whole after each batch', false],
])(
  'whatever alerts come, correlation over a state %s decides as correlation in memory',
  {
    timeout: 180_000,
  },
  async (_, anew) => {
    const store = await testStore()
    let merges = 0
    let kept = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryAlert, { minLength: 40, maxLength: 90 }),
        fc.integer({ min: 1, max: 20 }),
        async (seeds, size) => {
          await asOwner(store.url, 'truncate incident, incident_decision, alert, alert_event, incident_change')
          const alerts = seeds.map(alertFrom)
          const memory = createState()
          const inMemory: Correlated[] = []
          for (const alert of alerts) inMemory.push(await correlate(memory, alert, correlation))
          let meta: Json = {}
          let watermark = 0
          let held = createState()
          const stored: Correlated[] = []
          for (let at = 0; at < alerts.length; at += size) {
            await store.transaction(async (tx) => {
              const state = anew ? stateOf(meta) : held
              if (anew) await loadBriefs(tx, watermark - horizonMs, state)
              const batch = alerts.slice(at, at + size)
              const recall = recallFrom(tx)
              await recallFor(state, batch, correlation.grouping, recall)
              for (const alert of batch) stored.push(await correlate(state, alert, correlation, recall))
              const changes = takeChanges(state)
              await writeIncidents(tx, changes.incidents, changes.decisions)
              await saveAlerts(tx, changes.alerts)
              await mergeWork(tx, mergesOf(changes.incidents))
              meta = metaOf(state)
              watermark = state.watermark
              letGo(state, { incidentWeight: 0, alerts: 0 })
              expect(state.incidents.size + state.groups.size).toBe(0)
              held = state
            })
          }
          expect(stored.map(brief)).toEqual(inMemory.map(brief))
          const { incidents, alerts: rows } = await store.transaction((tx) => storedWork(tx))
          for (const incident of incidents) expect(incident).toEqual(memory.incidents.get(incident.number))
          const merged = new Set(incidents.filter((one) => one.mergedInto !== null).map((one) => one.number))
          for (const row of rows)
            expect(merged.has(row.incident), `alert ${row.id} stayed with a merged incident`).toBe(false)
          for (const incident of incidents)
            if (incident.mergedInto === null)
              expect(rows.filter((row) => row.incident === incident.number)).toHaveLength(incident.alertCount)
          merges += merged.size
          kept += rows.filter((row) => row.incident === 0).length
        },
      ),
      { numRuns: 60 },
    )
    expect(merges).toBeGreaterThan(20)
    expect(kept).toBeGreaterThan(5)
  },
)
