import type { IncidentNumber } from '../core/model/index.ts'
import type { GateRequest, Policy } from '../core/policy/index.ts'
import type { Tx } from '../store/index.ts'

const hourMs = 3_600_000

type Recent = Pick<GateRequest, 'destructiveInLastHour' | 'integrationInLastHour' | 'targetsChanged'>

/** What an effect counts as. */
export interface Counted {
  readonly effect: string
  readonly integration: string
  readonly incident: IncidentNumber
  readonly target: string
  /** When it was intended; null for one that is not on record yet. */
  readonly intendedAt: number | null
}

/** What has been done lately, as budgets count it. */
export interface RecentEffects {
  /** Without the effect itself, with what is intended meanwhile. */
  readonly of: (one: Counted, meanwhile?: readonly Counted[]) => Recent
}

const isChange = (effect: string) => effect === 'reversible' || effect === 'destructive'

/** Reads it for all these incidents, in two statements, leaving one effect out. */
export async function readRecent(
  tx: Tx,
  at: number,
  incidents: readonly IncidentNumber[],
  without = '',
): Promise<RecentEffects> {
  const since = at - hourMs
  const lately = await tx.query<{ integration: string; all: number; destructive: number }>(
    {
      name: 'recent-effects',
      text: `select split_part(action, '.', 1) as integration, count(*)::int as all, count(*) filter (where effect = 'destructive')::int as destructive
        from effect where tenant = $1 and effect in ('reversible', 'destructive') and intended_at > $2 and id <> $3 group by 1`,
    },
    [tx.tenant, since, without],
  )
  const changed = await tx.query<{ incident: IncidentNumber; targets: readonly string[] }>(
    {
      name: 'changed-targets',
      text: `select incident, array_agg(distinct target) as targets from effect
        where tenant = $1 and effect in ('reversible', 'destructive') and incident = any($2::int[]) and id <> $3 group by incident`,
    },
    [tx.tenant, incidents, without],
  )
  const perIntegration = new Map(lately.rows.map((one) => [one.integration, one.all]))
  const destructive = lately.rows.reduce((sum, one) => sum + one.destructive, 0)
  const targets = new Map(changed.rows.map((one) => [one.incident, one.targets]))
  return {
    of(one, meanwhile = []) {
      const own = one.intendedAt !== null && one.intendedAt > since && isChange(one.effect) ? 1 : 0
      const more = meanwhile.filter(({ effect }) => isChange(effect))
      const count = (is: (other: Counted) => boolean) => more.filter(is).length - own
      const isDestructive = one.effect === 'destructive'
      const ofIncident = more.filter(({ incident }) => incident === one.incident).map(({ target }) => target)
      return {
        destructiveInLastHour: destructive + (isDestructive ? count(({ effect }) => effect === 'destructive') : 0),
        integrationInLastHour:
          (perIntegration.get(one.integration) ?? 0) + count(({ integration }) => integration === one.integration),
        targetsChanged: [...new Set([...(targets.get(one.incident) ?? []), ...ofIncident])],
      }
    },
  }
}

/** Whether any policy counts; where none does, nothing has to be read. */
export const hasBudgets = (policies: readonly Policy[]): boolean =>
  policies.some((one) => one.active && Object.values(one.budgets).some((bound) => bound !== null))

/** What is said where nothing counts. */
export const nothingRecent: Recent = { destructiveInLastHour: 0, integrationInLastHour: 0, targetsChanged: [] }
