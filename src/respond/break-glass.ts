import { appendTimeline, readIncident } from '../cases/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { isObject, type JsonObject, oneLine } from '../core/model/index.ts'
import type { ApprovalTerms } from '../core/policy/index.ts'
import { appendAudit, lockAudit, type Store, type Tx } from '../store/index.ts'
import { ask, questionId } from './ask-approval.ts'
import { claimCall, intendEffect, type Manner, openEffects } from './claim-effect.ts'
import type { Claimed } from './claimed.ts'
import { decideEffect, digestOf, type Wanted } from './gate-effect.ts'
import { lockRun } from './lock-run.ts'
import { lockStory } from './lock-story.ts'
import type { Approval } from './read-approvals.ts'
import { recordSteps } from './record-steps.ts'
import { findAction } from './render-request.ts'
import type { ResponderParts } from './responder.ts'
import type { Controlled, Hand } from './run-control.ts'
import { settleOpen } from './settle-open.ts'
import { effectId } from './take-action.ts'
import type { Run, Turn } from './turn.ts'

interface Denied {
  readonly action: string
  readonly target: string
  readonly inputs: JsonObject
  readonly digest: string
  readonly breakGlass: ApprovalTerms | null
}

const leastPeople = 2
const patience = { attempts: 1, backoffMs: 1000, maxMs: 60_000 }
const timeoutMs = 30_000
const dayMs = 86_400_000

/**
 * Asks people to overrule the denial of a step: at least two, of the roles that the policies name, for exactly the effect
 * that was denied. Refused where no policy lets anybody, and for what was not denied by a policy.
 */
export async function breakGlass(store: Store, run: string, step: string, hand: Hand): Promise<Controlled> {
  const refused = (why: string): Controlled => ({ ok: false, why })
  const reason = oneLine(hand.reason, 2000).toWellFormed()
  const actor = oneLine(hand.actor, 200).toWellFormed()
  if (reason === '' || actor === '') return refused('it needs a name and a reason')
  return store.transaction(async (tx) => {
    const found = await tx.query<{ incident: number; playbook: string; denied: Denied | null }>(
      `select r.incident, r.playbook, s.denied from run r join run_step s on s.tenant = r.tenant and s.run = r.id
        where r.tenant = $1 and r.id = $2 and s.path = $3`,
      [tx.tenant, run, step],
    )
    const [row] = found.rows
    if (row === undefined) return refused(`run ${oneLine(run, 60)} has no step "${oneLine(step, 60)}" that has ended`)
    const { denied, incident } = row
    if (denied === null) return refused('the step was not denied by a policy')
    if (denied.breakGlass === null)
      return refused('no policy lets anybody overrule this: the stop switch and unknown effects are never overruled')
    const { roles, quorum, expiresMs } = denied.breakGlass
    await lockStory(tx, [incident])
    const question = {
      kind: 'break-glass' as const,
      run,
      incident,
      path: step,
      digest: denied.digest,
      action: denied.action,
      target: denied.target,
      inputs: denied.inputs,
      why: `${actor}: ${reason}`,
      author: '',
      askedAt: hand.at,
      options: [],
    }
    const before = await tx.query('select from approval where tenant = $1 and id = $2', [
      tx.tenant,
      questionId(question),
    ])
    if (before.rowCount > 0) return refused('it was asked before: a glass is broken once')
    const id = await ask(tx, question, { roles, quorum: Math.max(leastPeople, quorum), expiresMs })
    return { ok: true, run: id } as const
  })
}

/** Effects whose denial people have overruled and that were not made yet: claimed here, each passing once. */
export async function takeBrokenGlass(tx: Tx, parts: ResponderParts, replica: string): Promise<readonly Claimed[]> {
  const found = await tx.query<Pick<Approval, 'id' | 'path' | 'digest'> & { run: string }>(
    { name: 'broken-glass', text: broken },
    [tx.tenant, parts.clock()],
  )
  const claimed: Claimed[] = []
  if (found.rowCount > 0) await lockAudit(tx)
  for (const one of found.rows) claimed.push(...(await passOnce(tx, parts, replica, one)))
  return claimed
}

const broken = `select a.id, a.run, a.path, a.digest from approval a where a.tenant = $1 and a.kind = 'break-glass' and a.status = 'approved'
  and not exists (select from effect e where e.tenant = $1 and e.overruled = a.id and (e.outcome is not null or e.claimed_by is not null or e.next_at > $2))
  order by a.settled_at limit 10`

async function passOnce(
  tx: Tx,
  parts: ResponderParts,
  replica: string,
  glass: Pick<Approval, 'id' | 'path' | 'digest'> & { run: string },
): Promise<readonly Claimed[]> {
  const at = parts.clock()
  const locked = await lockRun(tx, glass.run, 'try')
  if (locked === null || locked === 'again') return []
  const rows = await tx.query<Run & { denied: Denied }>(
    `select r.id, r.playbook, r.bundle, r.commit, r.deadline_at as "deadlineAt", s.denied from run r
      join run_step s on s.tenant = r.tenant and s.run = r.id and s.path = $3 where r.tenant = $1 and r.id = $2`,
    [tx.tenant, glass.run, glass.path],
  )
  const run = rows.rows[0]
  const incident = await readIncident(tx, locked.incident)
  const bundle = run === undefined ? undefined : await parts.bundleOf(run.bundle)
  if (run === undefined || incident === null || bundle === undefined) return []
  const { denied } = run
  const [integration = '', action = ''] = denied.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  const facts = incidentFacts(incident)
  const author = bundle.playbooks.get(run.playbook)?.owner ?? ''
  const turn: Turn = { tx, run, bundle, incident, facts, author, at, replica, live: parts.live }
  const path = `${glass.path}~overruled`
  const refuse = async (why: string) => {
    await tx.query(`update approval set status = 'void' where tenant = $1 and id = $2`, [tx.tenant, glass.id])
    await tell(turn, glass.id, 'break-glass.refused', `the broken glass counts for nothing: ${why}`)
    return []
  }
  if (known === undefined) return refuse(`there is no action ${denied.action}`)
  const { inputs, target } = denied
  const wanted: Wanted = {
    id: effectId(turn, path),
    path,
    action: denied.action,
    ...known,
    inputs,
    target,
    approval: null,
  }
  if (digestOf(turn, { ...wanted, path: glass.path }) !== glass.digest) return refuse('it is not what was shown')
  const expiresMs = isObject(known.spec.rollback) ? dayMs : null
  const manner: Manner = { patience, timeoutMs, expiresMs, undoes: null }
  const open = (await openEffects(turn)).get(path)
  if (open !== undefined) {
    const gone = await settleOpen(turn, wanted, open, manner)
    if (gone.kind === 'ended') await recordSteps(tx, run, incident.number, [gone.result], at)
    return gone.kind === 'claimed' ? [gone.claimed] : []
  }
  const decision = await decideEffect(turn, wanted)
  if (decision.answer === 'deny' && decision.breakGlass === null) return refuse(decision.sentence)
  const intended = await intendEffect(turn, wanted, manner, { decision, approval: null, overruled: glass.id })
  await tell(
    turn,
    glass.id,
    'break-glass.pass',
    `BREAK GLASS: ${denied.action} on ${target} is done against: ${decision.sentence}`,
  )
  const taken = await claimCall(turn, wanted, intended, manner, 'call')
  return taken.kind === 'claimed' ? [taken.claimed] : []
}

async function tell(turn: Turn, approval: string, action: string, sentence: string): Promise<void> {
  const { tx, at, incident, run } = turn
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action,
    subject: `approval/${approval}`,
    details: { run: run.id, incident: incident.number, sentence },
  })
  await appendTimeline(tx, [{ incident: incident.number, at, kind: 'action', actor: run.playbook, sentence }])
}
