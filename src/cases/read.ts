import type { AlertGroup, Incident, IncidentNumber, IncidentSeverity, Json, JsonObject } from '../core/model/index.ts'
import type { Group } from '../core/policy/index.ts'
import type { Tx } from '../store/index.ts'
import { type Containment, readContainments } from './containment.ts'
import { type AlertRow, alertOfRow, type IncidentRow, incidentColumns, incidentOf } from './incident-row.ts'
import type { TimelineEntry } from './timeline.ts'

export interface Task {
  readonly n: number
  readonly title: string
  readonly origin: string
  readonly state: 'open' | 'done'
  readonly doneBy: string | null
  readonly doneAt: number | null
}

/** An effect on the world, as it is shown with an incident. */
export interface EffectView {
  readonly id: string
  readonly action: string
  readonly effect: string
  readonly target: string
  readonly mode: string
  readonly outcome: string | null
  readonly approval: string | null
  readonly approvedBy: readonly string[]
  readonly gate: JsonObject
  readonly intendedAt: number
  readonly expiresAt: number | null
  readonly rollback: Json
  readonly irreversible: string | null
}

export interface RunView {
  readonly id: string
  readonly playbook: string
  readonly status: string
  readonly why: string
  readonly commit: string
  readonly startedAt: number
  readonly steps: readonly { readonly path: string; readonly status: string; readonly sentence: string }[]
}

/** A question to people about an effect, as it is shown with an incident. */
export interface ApprovalView {
  readonly id: string
  readonly action: string
  readonly target: string
  readonly why: string
  readonly status: string
  readonly roles: readonly string[]
  readonly quorum: number
  readonly also: readonly Group[]
  readonly askedAt: number
  readonly expiresAt: number
  readonly answers: readonly {
    readonly actor: string
    readonly answer: string
    readonly reason: string
    readonly at: number
  }[]
}

/**
 * Everything there is about one incident, up to bounds: its first 500 alerts, 2,000 entries of its timeline and 5,000
 * events; how many alerts there are says `incident.alertCount`.
 */
export interface CaseFile {
  readonly incident: Incident
  readonly alerts: readonly AlertGroup[]
  readonly timeline: readonly TimelineEntry[]
  readonly tasks: readonly Task[]
  readonly runs: readonly RunView[]
  readonly effects: readonly EffectView[]
  readonly approvals: readonly ApprovalView[]
  /** What was done to contain it and holds. */
  readonly containments: readonly Containment[]
  readonly events: readonly {
    readonly event: string
    readonly alert: string
    readonly seq: number
    readonly index: number
  }[]
}

/** Which incidents are listed; what is left out does not matter. */
export interface IncidentFilter {
  readonly limit?: number
  /** Only those that are neither resolved nor closed. */
  readonly open?: boolean
  readonly severities?: readonly IncidentSeverity[]
  /** Null = those that nobody owns. */
  readonly owner?: string | null
}

/** The incidents of a tenant, newest first, merged ones left out. */
export async function listIncidents(tx: Tx, filter: IncidentFilter = {}): Promise<readonly Incident[]> {
  const { limit = 100, open = false, severities, owner } = filter
  const found = await tx.query<IncidentRow>(
    `select ${incidentColumns} from incident where tenant = $1 and status <> 'merged'
       and (not $2 or status in ('new', 'acknowledged', 'contained')) and ($3::text[] is null or severity = any($3))
       and (not $4 or owner is not distinct from $5) order by number desc limit $6`,
    [tx.tenant, open, severities ?? null, owner !== undefined, owner ?? null, limit],
  )
  return found.rows.map(incidentOf)
}

/** One incident; of a merged one the one it was merged into. */
export async function readIncident(tx: Tx, number: IncidentNumber, hops = 10): Promise<Incident | null> {
  const found = await tx.query<IncidentRow>(
    `select ${incidentColumns} from incident where tenant = $1 and number = $2`,
    [tx.tenant, number],
  )
  const row = found.rows[0]
  const incident = row === undefined ? null : incidentOf(row)
  return incident !== null && incident.mergedInto !== null && hops > 0
    ? readIncident(tx, incident.mergedInto, hops - 1)
    : incident
}

/** Incidents by their numbers, in one statement; of a merged one the one it was merged into. */
export async function readIncidents(
  tx: Tx,
  numbers: readonly IncidentNumber[],
): Promise<ReadonlyMap<IncidentNumber, Incident>> {
  const found = await tx.query<IncidentRow>(
    {
      name: 'read-incidents',
      text: `select ${incidentColumns} from incident where tenant = $1 and number = any($2::int[])`,
    },
    [tx.tenant, numbers],
  )
  const incidents = new Map<IncidentNumber, Incident>()
  for (const row of found.rows) {
    const into = row.merged_into === null ? null : await readIncident(tx, row.merged_into)
    incidents.set(row.number, into ?? incidentOf(row))
  }
  return incidents
}

/** The incident and all that were merged into it, directly or through another: their stories are its own. */
const family = `with recursive family(number) as (select $2::int union
  select i.number from incident i join family f on i.tenant = $1 and i.merged_into = f.number)`

/** The whole case of an incident; null when there is none of that number. */
export async function readCase(tx: Tx, number: IncidentNumber): Promise<CaseFile | null> {
  const incident = await readIncident(tx, number)
  if (incident === null) return null
  const key = [tx.tenant, incident.number]
  const alerts = await tx.query<AlertRow>(
    "select incident, doc from alert where tenant = $1 and incident = $2 order by (doc->>'firstAt')::bigint, id limit 500",
    key,
  )
  const timeline = await tx.query<TimelineEntry>(
    `${family} select t.incident, at, kind, actor, sentence from timeline t join family f on f.number = t.incident where t.tenant = $1 order by at, t.incident, n limit 2000`,
    key,
  )
  const tasks = await tx.query<Task>(
    'select n, title, origin, state, done_by as "doneBy", done_at as "doneAt" from task where tenant = $1 and incident = $2 order by n',
    key,
  )
  const runs = await tx.query<Omit<RunView, 'steps'>>(
    'select id, playbook, status, why, commit, started_at as "startedAt" from run where tenant = $1 and incident = $2 order by started_at, id',
    key,
  )
  const steps = await tx.query<{ run: string; path: string; status: string; sentence: string }>(
    `select s.run, s.path, s.status, s.sentence from run_step s join run r on r.tenant = s.tenant and r.id = s.run where s.tenant = $1 and r.incident = $2 and s.status <> 'decided' order by s.n`,
    key,
  )
  const effects = await tx.query<EffectView>(
    `select e.id, e.action, e.effect, e.target, e.mode, e.outcome, e.approval, e.gate, e.intended_at as "intendedAt", e.expires_at as "expiresAt", e.rollback, e.irreversible,
       coalesce((select array_agg(a.actor order by a.at) from approval_answer a where a.tenant = e.tenant and a.approval = e.approval and a.answer = 'approve'), '{}') as "approvedBy"
     from effect e where e.tenant = $1 and e.incident = $2 order by e.intended_at, e.path`,
    key,
  )
  const approvals = await tx.query<ApprovalView>(
    `select p.id, p.action, p.target, p.why, p.status, p.roles, p.quorum, p.also, p.asked_at as "askedAt", p.expires_at as "expiresAt",
       (select coalesce(jsonb_agg(jsonb_build_object('actor', a.actor, 'answer', a.answer, 'reason', a.reason, 'at', a.at) order by a.at), '[]')
        from approval_answer a where a.tenant = p.tenant and a.approval = p.id) as answers
     from approval p where p.tenant = $1 and p.incident = $2 order by p.asked_at, p.path`,
    key,
  )
  const events = await tx.query<{ event: string; alert: string; seq: number; index: number }>(
    'select ae.event, ae.alert, ae.seq, ae.idx as index from alert_event ae join alert a on a.tenant = ae.tenant and a.id = ae.alert where ae.tenant = $1 and a.incident = $2 order by ae.seq, ae.idx limit 5000',
    key,
  )
  return {
    incident,
    alerts: alerts.rows.map(alertOfRow),
    timeline: timeline.rows,
    tasks: tasks.rows,
    runs: runs.rows.map((run) => ({
      ...run,
      steps: steps.rows
        .filter((step) => step.run === run.id)
        .map(({ path, status, sentence }) => ({ path, status, sentence })),
    })),
    effects: effects.rows,
    approvals: approvals.rows,
    containments: await readContainments(tx, incident.number),
    events: events.rows,
  }
}
