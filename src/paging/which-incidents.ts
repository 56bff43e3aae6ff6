import type { Tx } from '../store/index.ts'
import { wholeIncident } from './page-writer.ts'
import type { PagerNews } from './read-webhook.ts'

/** The incident of ours that a dedup key stands for; null when it is a key of somebody else, or of another tenant. */
export function incidentOfKey(key: string | null, tenant: string): number | null {
  const [, name, number] = /^([a-z0-9-]{1,63})\/INC-(\d{1,9})$/.exec(key ?? '') ?? []
  return name === tenant ? Number(number) : null
}

/**
 * The incidents of ours that a webhook is about, of those that somebody was called for: by the key that it carries, by the keys of the
 * alerts that PagerDuty put into its incident, and by PagerDuty's own id, if it was ours before. A webhook carries one key, that
 * of whatever opened PagerDuty's incident, and notes carry none ("Webhooks Overview", `incident`, `incident_note`).
 */
export async function incidentsOf(tx: Tx, news: PagerNews, alertKeys: readonly string[]): Promise<readonly number[]> {
  const named = [news.key, ...alertKeys].map((key) => incidentOfKey(key, tx.tenant)).filter((one) => one !== null)
  const called = await tx.query<{ incident: number }>(
    `select distinct incident from page where tenant = $1 and subject = $2 and incident = any($3::int[]) order by incident`,
    [tx.tenant, wholeIncident, named],
  )
  const found = called.rows.map(({ incident }) => incident)
  const [first] = found
  if (news.outside === null) return found
  if (first !== undefined)
    await tx.query('insert into page_outside (tenant, id, incident) values ($1, $2, $3) on conflict do nothing', [
      ...[tx.tenant, news.outside, first],
    ])
  const known = await tx.query<{ incident: number }>(
    'select incident from page_outside where tenant = $1 and id = $2',
    [tx.tenant, news.outside],
  )
  return [...new Set([...found, ...known.rows.map(({ incident }) => incident)])]
}
