import { appendTimeline, storableJson } from '../cases/index.ts'
import { type IncidentNumber, type Json, type JsonObject, oneLine, type RunId, runId } from '../core/model/index.ts'
import { appendAudit, type Store, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** Who does something to a run, and why. Time is epoch milliseconds. */
export interface Hand {
  readonly actor: string
  readonly reason: string
  readonly at: number
}

/** A refused wish changed nothing. */
export type Controlled = { readonly ok: true; readonly run: string } | { readonly ok: false; readonly why: string }

interface Found {
  readonly incident: IncidentNumber
  readonly status: string
  readonly playbook: string
}

const isActive = (status: string) => ['running', 'waiting', 'paused'].includes(status)

/** Keeps a run from taking any further step; what is under way is settled. Its deadline goes on. */
export const pauseRun = (store: Store, run: string, hand: Hand): Promise<Controlled> =>
  control(store, run, hand, 'pause', async (tx, found) => {
    if (found.status === 'paused') return 'it is paused already'
    await tx.query(`update run set status = 'paused', wake_at = deadline_at where tenant = $1 and id = $2`, [
      tx.tenant,
      run,
    ])
    return null
  })

/** Lets a paused run go on. */
export const resumeRun = (store: Store, run: string, hand: Hand): Promise<Controlled> =>
  control(store, run, hand, 'resume', async (tx, found) => {
    if (found.status !== 'paused') return `it is ${found.status}, not paused`
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2`, [tx.tenant, run])
    return null
  })

const dayMs = 86_400_000

/** Ends a run: nothing new is begun, what is under way is settled, `finally` is done; with `rollback` what it did is taken back first. */
export const cancelRun = (
  store: Store,
  run: string,
  hand: Hand & { readonly rollback: boolean },
): Promise<Controlled> =>
  control(store, run, hand, hand.rollback ? 'cancel-rollback' : 'cancel', async (tx) => {
    await tx.query(
      `update run set status = 'running', cancelled = coalesce(cancelled, $3), rollback = rollback or $4,
        deadline_at = case when $4 then greatest(deadline_at, $5) else deadline_at end where tenant = $1 and id = $2`,
      [tx.tenant, run, `by ${nameOf(hand)}: ${reasonOf(hand)}`, hand.rollback, hand.at + dayMs],
    )
    return null
  })

const maxSignals = 100

/** Tells a run something; a step that waits for the signal, now or later, takes it. The payload is data, never content. */
export const signalRun = (
  store: Store,
  run: string,
  hand: Hand & { readonly name: string; readonly payload: Json },
): Promise<Controlled> =>
  control(store, run, hand, 'signal', async (tx, found) => {
    if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(hand.name)) return `"${oneLine(hand.name, 60)}" is no name of a signal`
    const count = await tx.query<{ n: number }>(
      'select coalesce(max(n), 0)::int as n from run_signal where tenant = $1 and run = $2',
      [tx.tenant, run],
    )
    const n = count.rows[0]?.n ?? 0
    if (n >= maxSignals) return `it has had ${maxSignals} signals; more are not kept`
    await tx.query(
      'insert into run_signal (tenant, run, n, name, payload, actor, at) values ($1, $2, $3, $4, $5, $6, $7)',
      [tx.tenant, run, n + 1, hand.name, storableJson(hand.payload), nameOf(hand), hand.at],
    )
    if (found.status === 'waiting')
      await tx.query(`update run set status = 'running' where tenant = $1 and id = $2`, [tx.tenant, run])
    return null
  })

/**
 * Does a run that is over again, from a step on: a new run with the same content and inputs takes over what was recorded
 * before that step. What is done again goes through the gate again.
 */
export async function rerunFrom(store: Store, run: string, step: string, hand: Hand): Promise<Controlled> {
  return store.transaction(async (tx) => {
    const found = await take(tx, run)
    if (found === null) return refused(`there is no run ${oneLine(run, 60)}`)
    if (isActive(found.status)) return refused(`it is ${found.status}: cancel it first`)
    const first = await tx.query<{ n: number | null }>(
      `select min(n)::int as n from run_step where tenant = $1 and run = $2 and (path = $3 or starts_with(path, $3 || '?') or starts_with(path, $3 || '#') or starts_with(path, $3 || '['))`,
      [tx.tenant, run, step],
    )
    const n = first.rows[0]?.n ?? null
    if (n === null) return refused(`the run has not come to a step "${oneLine(step, 60)}"`)
    const id: RunId = runId(tx.tenant, found.incident, found.playbook, `rerun ${run} ${step} ${hand.at}`)
    const begun = await tx.query(
      `insert into run (tenant, id, incident, playbook, bundle, commit, status, why, started_at, deadline_at, trigger, inputs)
        select tenant, $3, incident, playbook, bundle, commit, 'running', $4, $5, $5 + (deadline_at - started_at), 'rerun', inputs
        from run where tenant = $1 and id = $2 on conflict do nothing`,
      [tx.tenant, run, id, `${nameOf(hand)} does ${run} again from "${step}": ${reasonOf(hand)}`, hand.at],
    )
    if (begun.rowCount === 0) return refused('the same was asked a moment ago')
    await tx.query(
      `insert into run_step (tenant, run, n, path, status, output, sentence, denied, at)
        select tenant, $3, n, path, status, output, sentence, denied, at from run_step where tenant = $1 and run = $2 and n < $4`,
      [tx.tenant, run, id, n],
    )
    await tell(tx, id, found, hand, 'rerun', { of: run, from: step })
    return { ok: true, run: id } as const
  })
}

async function control(
  store: Store,
  run: string,
  hand: Hand,
  verb: string,
  work: (tx: Tx, found: Found) => Promise<string | null>,
): Promise<Controlled> {
  if (nameOf(hand) === '') return refused('nobody is named as doing it')
  return store.transaction(async (tx) => {
    const found = await take(tx, run)
    if (found === null) return refused(`there is no run ${oneLine(run, 60)}`)
    if (!isActive(found.status)) return refused(`the run is ${found.status} already`)
    const fault = await work(tx, found)
    if (fault !== null) return refused(fault)
    const details: JsonObject =
      'name' in hand && typeof hand.name === 'string' && 'payload' in hand
        ? { signal: hand.name, payload: hand.payload as Json }
        : {}
    await tell(tx, run, found, hand, verb, details)
    return { ok: true, run } as const
  })
}

/** Finds a run and takes what its story is written with. */
async function take(tx: Tx, run: string): Promise<Found | null> {
  const read = async () =>
    (
      await tx.query<Found>('select incident, status, playbook from run where tenant = $1 and id = $2', [
        tx.tenant,
        run,
      ])
    ).rows[0] ?? null
  const before = await read()
  if (before === null) return null
  await lockStory(tx, [before.incident])
  return read()
}

async function tell(tx: Tx, run: string, found: Found, hand: Hand, verb: string, details: JsonObject): Promise<void> {
  const actor = nameOf(hand)
  const reason = reasonOf(hand)
  await appendAudit(tx, {
    at: hand.at,
    actor,
    action: `run.${verb}`,
    subject: `run/${run}`,
    details: { incident: found.incident, playbook: found.playbook, reason, ...details },
  })
  const what = 'signal' in details ? `signal "${String(details.signal)}" to` : verb
  await appendTimeline(tx, [
    {
      incident: found.incident,
      at: hand.at,
      kind: 'person',
      actor,
      sentence: `${what} the run of ${found.playbook}${reason === '' ? '' : `: ${reason}`}`,
    },
  ])
  await tx.query(`select pg_notify('gitsoc_runs', $1)`, [tx.tenant])
}

const nameOf = (hand: Hand) => oneLine(hand.actor, 200).toWellFormed()
const reasonOf = (hand: Hand) => oneLine(hand.reason, 2000).toWellFormed()
const refused = (why: string): Controlled => ({ ok: false, why })
