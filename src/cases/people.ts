import {
  type Incident,
  type IncidentNumber,
  type IncidentSeverity,
  type IncidentStatus,
  type JsonObject,
  oneLine,
  type Problem,
  problem,
  type Result,
  type SaidSeverity,
  severityOfScore,
  type Verdict,
} from '../core/model/index.ts'
import { appendAudit, lockAudit, type Store, type Tx } from '../store/index.ts'
import { type IncidentRow, incidentColumns, incidentOf } from './incident-row.ts'
import { storableJson } from './storable.ts'
import { addTask, appendTimeline } from './timeline.ts'
import { transitions } from './transitions.ts'

/** What can be done with an incident. Closing needs a verdict, given here or before. */
export type Change =
  | {
      readonly kind: 'status'
      readonly status: Exclude<IncidentStatus, 'new' | 'merged'>
      readonly verdict?: Verdict
      readonly reason?: string
    }
  | { readonly kind: 'owner'; readonly owner: string | null }
  /** What it is worked off under together with others; null = nothing. */
  | { readonly kind: 'milestone'; readonly milestone: string | null; readonly reason?: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly reason?: string }
  /** Null = what the score says counts again. */
  | { readonly kind: 'severity'; readonly severity: IncidentSeverity | null; readonly reason: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'task'; readonly title: string }
  | { readonly kind: 'task-state'; readonly n: number; readonly state: 'open' | 'done' }

export interface ChangeRequest {
  readonly number: IncidentNumber
  /** Who does it, as the caller has established it. */
  readonly actor: string
  readonly at: number
  readonly change: Change
}

const maxNote = 2000
/** So that it fits where others show it as a title. */
const maxMilestone = 200

/** {@link changeIncidentIn} as a transaction of its own. */
export function changeIncident(store: Store, request: ChangeRequest): Promise<Result<Incident>> {
  return store.transaction((tx) => changeIncidentIn(tx, request))
}

/**
 * Changes an incident: its row, its timeline and the audit chain together. Refuses, with what would be possible, an
 * incident that does not exist or was merged, a status that may not follow, a change that changes nothing.
 */
export async function changeIncidentIn(tx: Tx, request: ChangeRequest): Promise<Result<Incident>> {
  const { number, at, change } = request
  const actor = oneLine(request.actor, 200)
  if (actor === '') return refuse('actor', 'nobody is named as doing this', 'say who with --as')
  // The order of locks of everybody who writes both: first the chain, then the incident. Otherwise two could wait for each other.
  await lockAudit(tx)
  const row = Number.isSafeInteger(number) && number > 0 && number < 2 ** 31 ? await lock(tx, number) : undefined
  if (row === undefined)
    return refuse('unknown', `there is no incident ${number}`, 'gitsoc incidents list shows what there is')
  if (row.merged_into !== null)
    return refuse('merged', `incident ${number} was merged into ${row.merged_into}`, `use incident ${row.merged_into}`)
  const done = await apply(tx, incidentOf(row), change, actor, at)
  if (!done.ok) return done
  await appendTimeline(tx, [{ incident: number, at, kind: 'person', actor, sentence: done.value.sentence }])
  await tx.query('insert into incident_change (tenant, incident) values ($1, $2)', [tx.tenant, number])
  const action = `incident.${change.kind}`
  await appendAudit(tx, { at, actor, action, subject: `incident/${number}`, details: done.value.details })
  await tx.query(`select pg_notify('gitsoc_cases', $1)`, [tx.tenant])
  const now = await lock(tx, number)
  return now === undefined ? refuse('unknown', `there is no incident ${number}`) : { ok: true, value: incidentOf(now) }
}

interface Done {
  readonly sentence: string
  readonly details: JsonObject
}

async function lock(tx: Tx, number: IncidentNumber): Promise<IncidentRow | undefined> {
  const found = await tx.query<IncidentRow>(
    `select ${incidentColumns} from incident where tenant = $1 and number = $2 for no key update`,
    [tx.tenant, number],
  )
  return found.rows[0]
}

async function apply(tx: Tx, incident: Incident, change: Change, actor: string, at: number): Promise<Result<Done>> {
  switch (change.kind) {
    case 'status':
      return setStatus(tx, incident, change, actor, at)
    case 'owner':
      return setOwner(tx, incident, change.owner)
    case 'milestone':
      return setMilestone(tx, incident, change)
    case 'verdict':
      return setVerdict(tx, incident, change.verdict, oneLine(change.reason ?? '', maxNote))
    case 'severity':
      return setSeverity(tx, incident, change, actor, at)
    case 'note': {
      const text = oneLine(change.text, maxNote)
      return text === '' ? refuse('empty', 'the note is empty') : done(`note: ${text}`, { text })
    }
    case 'task': {
      const title = oneLine(change.title)
      if (title === '') return refuse('empty', 'the task has no title')
      await addTask(tx, incident.number, title, actor)
      return done(`added the task "${title}"`, { title })
    }
    case 'task-state':
      return setTask(tx, incident, change, actor, at)
  }
}

async function setStatus(
  tx: Tx,
  incident: Incident,
  change: Extract<Change, { kind: 'status' }>,
  actor: string,
  at: number,
): Promise<Result<Done>> {
  const { status: to } = change
  const from = incident.status
  const verdict = change.verdict ?? incident.verdict
  if (!transitions[from].includes(to))
    return refuse(
      'transition',
      from === to ? `incident ${incident.number} is ${to} already` : `an incident that is ${from} cannot become ${to}`,
      `from ${from} it can become: ${transitions[from].join(', ') || 'nothing'}`,
    )
  if (to === 'closed' && verdict === null)
    return refuse(
      'verdict',
      'closing needs a verdict',
      'true-positive, benign-positive, false-positive or undetermined',
    )
  const reopened = (from === 'resolved' || from === 'closed') && to === 'acknowledged'
  const takes = to === 'acknowledged' && incident.owner === null
  await tx.query(
    `update incident set status = $3, verdict = $4, owner = coalesce(owner, $5),
       acknowledged_at = coalesce(acknowledged_at, $6),
       contained_at = case when $3 = 'contained' then coalesce(contained_at, $6) else contained_at end,
       resolved_at = case when $3 in ('resolved', 'closed') then coalesce(resolved_at, $6) when $7 then null else resolved_at end,
       closed_at = case when $3 = 'closed' then $6 when $7 then null else closed_at end
     where tenant = $1 and number = $2`,
    [tx.tenant, incident.number, to, verdict, takes ? actor : null, at, reopened],
  )
  const reason = change.reason === undefined ? '' : oneLine(change.reason, maxNote)
  return done(
    [
      reopened
        ? 'opened the incident again'
        : takes
          ? 'acknowledged the incident and took it'
          : `set the status to ${to}`,
      ...(change.verdict === undefined ? [] : [` as ${change.verdict}`]),
      ...(reason === '' ? [] : [`: ${reason}`]),
    ].join(''),
    {
      from,
      to,
      ...(change.verdict === undefined ? {} : { verdict: change.verdict }),
      ...(reason === '' ? {} : { reason }),
    },
  )
}

async function setOwner(tx: Tx, incident: Incident, to: string | null): Promise<Result<Done>> {
  const owner = to === null ? null : oneLine(to, 200)
  if (owner === '') return refuse('empty', 'the owner is empty', 'name somebody, or nobody with --nobody')
  if (owner === incident.owner)
    return refuse(
      'unchanged',
      owner === null ? 'nobody owns the incident already' : `${owner} owns the incident already`,
    )
  await tx.query('update incident set owner = $3 where tenant = $1 and number = $2', [
    tx.tenant,
    incident.number,
    owner,
  ])
  return done(owner === null ? 'gave the incident back to nobody' : `assigned the incident to ${owner}`, {
    from: incident.owner,
    to: owner,
  })
}

async function setMilestone(
  tx: Tx,
  incident: Incident,
  change: Extract<Change, { kind: 'milestone' }>,
): Promise<Result<Done>> {
  const to = change.milestone === null ? null : oneLine(change.milestone, maxMilestone)
  const from = incident.milestone
  if (to === '') return refuse('empty', 'the milestone has no name', 'name it, or say none')
  if (to === from)
    return refuse('unchanged', to === null ? 'it has no milestone already' : `the milestone is "${to}" already`)
  await tx.query('update incident set milestone = $3 where tenant = $1 and number = $2', [
    tx.tenant,
    incident.number,
    to,
  ])
  const reason = oneLine(change.reason ?? '', maxNote)
  const sentence =
    to === null ? `took the incident out of the milestone "${from}"` : `put it into the milestone "${to}"`
  return done(`${sentence}${reason === '' ? '' : `: ${reason}`}`, { from, to, ...(reason === '' ? {} : { reason }) })
}

async function setVerdict(tx: Tx, incident: Incident, verdict: Verdict, reason: string): Promise<Result<Done>> {
  if (verdict === incident.verdict) return refuse('unchanged', `the verdict is ${verdict} already`)
  await tx.query('update incident set verdict = $3 where tenant = $1 and number = $2', [
    tx.tenant,
    incident.number,
    verdict,
  ])
  return done(`set the verdict to ${verdict}${reason === '' ? '' : `: ${reason}`}`, {
    from: incident.verdict,
    to: verdict,
    ...(reason === '' ? {} : { reason }),
  })
}

async function setSeverity(
  tx: Tx,
  incident: Incident,
  change: Extract<Change, { kind: 'severity' }>,
  actor: string,
  at: number,
): Promise<Result<Done>> {
  const { assessment } = incident
  if (assessment === null) return refuse('unscored', `incident ${incident.number} has no severity yet`)
  const reason = oneLine(change.reason, maxNote)
  const ofScore = severityOfScore(assessment.score)
  const before = assessment.said ?? null
  if (change.severity === null && before === null)
    return refuse('unchanged', `the severity is the machine's already: ${ofScore}`)
  if (change.severity !== null && reason === '') return refuse('empty', 'a severity needs a reason', 'say why')
  if (change.severity !== null && change.severity === before?.severity)
    return refuse('unchanged', `the severity is ${change.severity} already, said by ${before.by}`)
  const said: SaidSeverity | null =
    change.severity === null ? null : { severity: change.severity, by: actor, reason, at }
  await tx.query('update incident set said_severity = $3, severity = $4 where tenant = $1 and number = $2', [
    tx.tenant,
    incident.number,
    said === null ? null : storableJson(said),
    said?.severity ?? ofScore,
  ])
  const because = reason === '' ? '' : `: ${reason}`
  return done(
    said === null
      ? `took the severity ${before?.severity ?? ''} back; the score says ${ofScore}${because}`
      : `set the severity to ${said.severity}, where the score says ${ofScore}${because}`,
    { from: assessment.severity, to: said?.severity ?? ofScore, ofScore, reason },
  )
}

async function setTask(
  tx: Tx,
  incident: Incident,
  { n, state }: Extract<Change, { kind: 'task-state' }>,
  actor: string,
  at: number,
): Promise<Result<Done>> {
  const changed = await tx.query<{ title: string }>(
    `update task set state = $4, done_by = case when $4 = 'done' then $5 end, done_at = case when $4 = 'done' then $6::bigint end
     where tenant = $1 and incident = $2 and n = $3 and state <> $4 returning title`,
    [tx.tenant, incident.number, Number.isSafeInteger(n) && n < 2 ** 31 ? n : -1, state, actor, at],
  )
  const title = changed.rows[0]?.title
  if (title === undefined)
    return refuse(
      'task',
      `incident ${incident.number} has no task ${n} that is not ${state} already`,
      `gitsoc incidents show ${incident.number} lists the tasks`,
    )
  return done(state === 'done' ? `finished the task "${title}"` : `opened the task "${title}" again`, {
    n,
    title,
    state,
  })
}

function done(sentence: string, details: JsonObject): Result<Done> {
  return { ok: true, value: { sentence, details } }
}

function refuse(code: string, message: string, hint?: string): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [problem(`cases/${code}`, message, undefined, hint)] }
}
