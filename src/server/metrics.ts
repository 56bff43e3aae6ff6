import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { outcomes } from '../core/model/index.ts'
import { readLedger } from '../ingest/index.ts'
import { readLosses } from '../pipeline/index.ts'
import type { ContainmentReport } from '../respond/index.ts'
import type { Store } from '../store/index.ts'

/** The numbers of `/metrics`, in Prometheus' text format. */
export interface ServerMetrics {
  readonly contentType: string
  countRequest(integration: string, result: string): void
  countError(room: string): void
  page(): Promise<string>
}

/** Metrics of one server; the ledger is read from the store at each scrape. */
export function createMetrics(
  store: Store,
  containment: () => Pick<ContainmentReport, 'drift' | 'left'>,
): ServerMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'gitsoc_ingest_requests_total',
    help: 'Webhook requests by integration and result',
    labelNames: ['integration', 'result'],
    registers: [registry],
  })
  const errors = new Counter({
    name: 'gitsoc_errors_total',
    help: 'Errors that were survived, by room',
    labelNames: ['room'],
    registers: [registry],
  })
  const events = new Gauge({
    name: 'gitsoc_events',
    help: 'Received events by source and the place they ended in',
    labelNames: ['source', 'outcome'],
    registers: [registry],
  })
  const received = new Gauge({
    name: 'gitsoc_events_received',
    help: 'Received events; the sum of gitsoc_events must equal it',
    registers: [registry],
  })
  const waiting = new Gauge({
    name: 'gitsoc_deliveries_waiting',
    help: 'Deliveries on disk that were not looked at yet',
    registers: [registry],
  })
  const balanced = new Gauge({
    name: 'gitsoc_ledger_balanced',
    help: '1 when received = alerted + no match + duplicate + suppressed + dropped + dead-lettered',
    registers: [registry],
  })
  const lost = new Gauge({
    name: 'gitsoc_correlation_lost',
    help: 'What correlations did not count: matches that came late, matches of full windows, windows of too many groups',
    labelNames: ['kind'],
    registers: [registry],
  })
  const drift = new Gauge({
    name: 'gitsoc_containment_drift',
    help: 'Where what holds, the files of incidents and vendors differ, by kind, at the last look',
    labelNames: ['kind'],
    registers: [registry],
  })
  const left = new Gauge({
    name: 'gitsoc_containment_left',
    help: 'Containment that could not be taken back so far',
    registers: [registry],
  })
  const up = new Gauge({
    name: 'gitsoc_store_up',
    help: '1 when the database answered this scrape',
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    countRequest: (integration, result) => requests.inc({ integration, result }),
    countError: (room) => errors.inc({ room }),
    async page() {
      const seen = containment()
      drift.reset()
      for (const [kind, all] of Map.groupBy(seen.drift, (one) => one.kind)) drift.set({ kind }, all.length)
      left.set(seen.left.length)
      try {
        const ledger = await readLedger(store)
        events.reset()
        for (const [source, line] of Object.entries(ledger.bySource))
          for (const outcome of outcomes) events.set({ source, outcome }, line[outcome])
        received.set(ledger.total.received)
        waiting.set(ledger.waiting)
        balanced.set(ledger.balanced ? 1 : 0)
        const losses = await readLosses(store)
        lost.set({ kind: 'late' }, losses.late)
        lost.set({ kind: 'matches' }, losses.entries)
        lost.set({ kind: 'windows' }, losses.windows)
        up.set(1)
      } catch {
        up.set(0)
      }
      return registry.metrics()
    },
  }
}
