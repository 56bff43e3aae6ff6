import type { IncidentSeverity } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** How long something took, in milliseconds, over `count` incidents; null when there was none. */
export type Spread = {
  readonly count: number
  readonly mean: number
  readonly median: number
  readonly p90: number
} | null

/** MTTD = detected - occurred; MTTA, MTTC and MTTR = acknowledged, contained and resolved - detected. */
export interface Times {
  readonly incidents: number
  readonly detect: Spread
  readonly acknowledge: Spread
  readonly contain: Spread
  readonly resolve: Spread
}

/** How a SOC did over incidents whose first alert lies in a range of event time. */
export interface Metrics {
  readonly from: number | null
  readonly to: number | null
  readonly all: Times
  readonly bySeverity: Readonly<Record<IncidentSeverity | 'NONE', Times>>
  readonly byStatus: Readonly<Record<string, number>>
  readonly byVerdict: Readonly<Record<string, number>>
  /** What people were spared: events in, alerts raised before and after counting like ones together, incidents to look at. */
  readonly reduction: {
    readonly events: number
    readonly signals: number
    readonly alerts: number
    readonly incidents: number
    /** Share of events that nobody had to look at, 0 to 1; null without events. */
    readonly spared: number | null
  }
}

/** Range of event time, each end open when null; `to` is exclusive. */
export interface Range {
  readonly from: number | null
  readonly to: number | null
}

interface Row {
  readonly severity: IncidentSeverity | null
  readonly status: string
  readonly verdict: string | null
  readonly occurred: number
  readonly detected: number
  readonly acknowledged: number | null
  readonly contained: number | null
  readonly resolved: number | null
}

/** Measures the work on incidents. Merged incidents count as the one they were merged into. */
export async function metrics(tx: Tx, range: Range = { from: null, to: null }): Promise<Metrics> {
  const bounds = [tx.tenant, range.from, range.to]
  const found = await tx.query<Row>(
    `select severity, status, verdict, (doc->'times'->>'occurredAt')::bigint as occurred,
       (doc->'times'->>'detectedAt')::bigint as detected, acknowledged_at as acknowledged, contained_at as contained,
       resolved_at as resolved
     from incident where tenant = $1 and merged_into is null
       and ($2::bigint is null or first_at >= $2) and ($3::bigint is null or first_at < $3)`,
    bounds,
  )
  const { rows } = found
  const grades = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NONE'] as const
  const bySeverity = Object.fromEntries(
    grades.map((grade) => [grade, timesOf(rows.filter((row) => (row.severity ?? 'NONE') === grade))]),
  ) as Record<IncidentSeverity | 'NONE', Times>
  const counted = await counts(tx, range)
  return {
    ...range,
    all: timesOf(rows),
    bySeverity,
    byStatus: tally(rows.map((row) => row.status)),
    byVerdict: tally(rows.map((row) => row.verdict ?? 'none yet')),
    reduction: {
      ...counted,
      incidents: rows.length,
      spared: counted.events === 0 ? null : Math.max(0, 1 - rows.length / counted.events),
    },
  }
}

async function counts(tx: Tx, range: Range): Promise<{ events: number; signals: number; alerts: number }> {
  const bounds = [tx.tenant, range.from, range.to]
  const alerts = await tx.query<{ alerts: number; signals: number }>(
    `select count(*)::bigint as alerts, coalesce(sum((doc->>'count')::bigint), 0)::bigint as signals from alert
     where tenant = $1 and ($2::bigint is null or last_at >= $2) and ($3::bigint is null or last_at < $3)`,
    bounds,
  )
  const events =
    range.from === null && range.to === null
      ? await tx.query<{ events: number }>('select received as events from inbox_done where tenant = $1', [tx.tenant])
      : await tx.query<{ events: number }>(
          `select count(*)::bigint as events from event
           where tenant = $1 and ($2::bigint is null or occurred_at >= $2) and ($3::bigint is null or occurred_at < $3)`,
          bounds,
        )
  return {
    events: events.rows[0]?.events ?? 0,
    signals: alerts.rows[0]?.signals ?? 0,
    alerts: alerts.rows[0]?.alerts ?? 0,
  }
}

function timesOf(rows: readonly Row[]): Times {
  const since = (of: (row: Row) => number | null, start: (row: Row) => number) =>
    spread(
      rows.flatMap((row) => {
        const at = of(row)
        return at === null ? [] : [Math.max(0, at - start(row))]
      }),
    )
  return {
    incidents: rows.length,
    detect: since(
      (row) => row.detected,
      (row) => row.occurred,
    ),
    acknowledge: since(
      (row) => row.acknowledged,
      (row) => row.detected,
    ),
    contain: since(
      (row) => row.contained,
      (row) => row.detected,
    ),
    resolve: since(
      (row) => row.resolved,
      (row) => row.detected,
    ),
  }
}

/** Mean, median (of two in the middle their mean) and 90th percentile (nearest rank) of durations. */
export function spread(durations: readonly number[]): Spread {
  const sorted = durations.toSorted((a, b) => a - b)
  const count = sorted.length
  const at = (index: number) => sorted[index] ?? 0
  if (count === 0) return null
  return {
    count,
    mean: Math.round(sorted.reduce((sum, one) => sum + one, 0) / count),
    median: Math.round((at((count - 1) >> 1) + at(count >> 1)) / 2),
    p90: at(Math.ceil(count * 0.9) - 1),
  }
}

function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counted = new Map<string, number>()
  for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1)
  return Object.fromEntries([...counted].sort(([a], [b]) => (a < b ? -1 : 1)))
}
