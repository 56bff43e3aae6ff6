import type { JsonObject } from '../core/model/index.ts'
import type { Patience } from './backoff.ts'
import { claimCall, intendEffect, type Manner } from './claim-effect.ts'
import { decideEffect, type Wanted } from './gate-effect.ts'
import { undoDenial } from './gate-undo.ts'
import { findAction } from './render-request.ts'
import { settleOpen } from './settle-open.ts'
import { effectId } from './take-action.ts'
import type { Taken, Turn } from './turn.ts'
import { writeRound } from './write-round.ts'

const patience: Patience = { attempts: 3, backoffMs: 2000, maxMs: 60_000 }
const timeoutMs = 30_000

/** What taking effects back came to this turn; null = everything that can be is. */
export interface Undoing {
  readonly path: string
  readonly taken: Taken
}

/**
 * Takes back what a run has done, the last first, by the manifests' rollbacks, unless the gate denies it
 * ({@link undoDenial}). What cannot be taken back, or may not be, is left to an analyst.
 */
export async function undoNext(turn: Turn): Promise<Undoing | null> {
  const { round, run, incident, bundle } = turn
  const { tx, at, writes } = round
  // What is taken back is looked for where this round writes too.
  await writeRound(round)
  const found = await tx.query<{
    id: string
    path: string
    action: string
    target: string
    inputs: JsonObject
    approval: string | null
  }>(
    `select e.id, e.path, e.action, e.target, e.inputs, e.approval from effect e
      left join run_step d on d.tenant = e.tenant and d.run = e.run and d.path = e.path
      where e.tenant = $1 and e.run = $2 and e.outcome = 'done' and e.undoes is null and e.effect in ('reversible', 'destructive')
        and not exists (select from run_step s where s.tenant = $1 and s.run = $2 and s.path = e.path || '~undo')
      order by e.settled_at desc, d.n desc limit 1`,
    [tx.tenant, run.id],
  )
  const [effect] = found.rows
  if (effect === undefined) return null
  const path = `${effect.path}~undo`
  const give = (status: 'denied' | 'failed' | 'skipped', sentence: string): Undoing => {
    const title = `Take back ${effect.action} on ${effect.target}: ${sentence}`
    writes.tasks.push({ incident: incident.number, title, origin: run.playbook })
    return { path, taken: { kind: 'ended', result: { path, status, output: null, sentence } } }
  }
  const [integration = '', action = ''] = effect.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  const irreversible = known?.spec.irreversible
  if (known === undefined || known.spec.rollback === undefined)
    return give(
      'skipped',
      `${effect.action} on ${effect.target} cannot be taken back: ${typeof irreversible === 'string' ? irreversible : 'there is no way back'}`,
    )
  const manner: Manner = { patience, timeoutMs, expiresMs: null, undoes: effect.id }
  const underWay = run.open.get(path)
  if (underWay !== undefined)
    return { path, taken: await settleOpen(turn, { ...known, action: effect.action }, underWay, manner) }
  const wanted: Wanted = {
    id: effectId(turn, path),
    path,
    action: effect.action,
    ...known,
    inputs: effect.inputs,
    target: effect.target,
    approval: null,
  }
  const decision = await decideEffect(turn, wanted, null)
  const denial = undoDenial(decision)
  if (denial !== null) return give('denied', `not taken back: ${denial}`)
  const approval = (await round.approvals()).get(effect.approval ?? '') ?? null
  const sentence = `taking back ${effect.action} on ${effect.target}`
  writes.timeline.push({ incident: incident.number, at, kind: 'action', actor: run.playbook, sentence })
  const intended = intendEffect(turn, wanted, manner, { decision, approval })
  return { path, taken: await claimCall(turn, wanted, intended, manner, 'call') }
}
