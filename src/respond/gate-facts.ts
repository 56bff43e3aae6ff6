import { type Incident, type IncidentNumber, isObject } from '../core/model/index.ts'
import type { GateRequest } from '../core/policy/index.ts'
import type { Tx } from '../store/index.ts'

const hourMs = 3_600_000

/** What has been done lately, without the effect that is asked about. */
export async function recentEffects(
  tx: Tx,
  effectId: string,
  incident: IncidentNumber,
  integration: string,
  at: number,
): Promise<Pick<GateRequest, 'destructiveInLastHour' | 'integrationInLastHour' | 'targetsChanged'>> {
  const found = await tx.query<{ destructive: number; integration: number; targets: readonly string[] }>(
    `select count(*) filter (where effect = 'destructive' and intended_at > $3)::int as destructive,
        count(*) filter (where starts_with(action, $4) and intended_at > $3)::int as integration,
        coalesce(array_agg(distinct target) filter (where incident = $5), '{}') as targets
      from effect where tenant = $1 and id <> $2 and effect in ('reversible', 'destructive') and (intended_at > $3 or incident = $5)`,
    [tx.tenant, effectId, at - hourMs, `${integration}.`, incident],
  )
  const [row] = found.rows
  return {
    destructiveInLastHour: row?.destructive ?? 0,
    integrationInLastHour: row?.integration ?? 0,
    targetsChanged: row?.targets ?? [],
  }
}

/** What the inventory said of a target when the incident's observables were looked up; null when it is not in it. */
export function criticalityOf(incident: Incident, target: string): string | null {
  const wanted = target.toLowerCase()
  const found = incident.enrichments.find(
    (one) =>
      one.provider === 'inventory' && one.observable.slice(one.observable.indexOf(':') + 1).toLowerCase() === wanted,
  )
  const criticality = isObject(found?.data) ? found.data.criticality : undefined
  return typeof criticality === 'string' ? criticality : null
}
