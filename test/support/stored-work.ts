import { recallFrom } from '../../src/cases/index.ts'
import type { AlertGroup, Incident } from '../../src/core/model/index.ts'
import type { Tx } from '../../src/store/index.ts'

/** All alerts (by time) and incidents (by number) of the tenant, whole, as correlation reads them back. */
export async function storedWork(
  tx: Tx,
): Promise<{ readonly alerts: readonly AlertGroup[]; readonly incidents: readonly Incident[] }> {
  const recall = recallFrom(tx)
  const keys = async <T>(text: string) => (await tx.query<{ key: T }>(text, [tx.tenant])).rows.map((row) => row.key)
  const ids = await keys<AlertGroup['id']>('select id as key from alert where tenant = $1 order by last_at, id')
  const numbers = await keys<Incident['number']>('select number as key from incident where tenant = $1')
  const alerts = await recall.alerts(ids)
  const incidents: Incident[] = []
  for (const { incident } of await recall.incidents(numbers))
    incidents.push({ ...incident, decisions: await recall.decisions(incident.number) })
  return { alerts: alerts.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)), incidents }
}
