import { incidentFacts } from '../core/correlate/index.ts'
import { isObject } from '../core/model/index.ts'
import { lockAudit, type Tx } from '../store/index.ts'
import type { Denied } from './break-glass.ts'
import { claimCall, intendEffect, type Manner } from './claim-effect.ts'
import type { Claimed } from './claimed.ts'
import { decideEffect, digestOf, type Wanted } from './gate-effect.ts'
import { ownersOf } from './owners-of.ts'
import type { Approval } from './read-approvals.ts'
import { recordSteps } from './record-steps.ts'
import { findAction } from './render-request.ts'
import type { ResponderParts } from './responder.ts'
import { openRound, type Round } from './round.ts'
import { settleOpen } from './settle-open.ts'
import { effectId } from './take-action.ts'
import type { Taken, Turn } from './turn.ts'
import { writeRound } from './write-round.ts'

type Glass = Pick<Approval, 'id' | 'run' | 'incident' | 'path' | 'digest'>

const patience = { attempts: 1, backoffMs: 1000, maxMs: 60_000 }
const timeoutMs = 30_000
const dayMs = 86_400_000

/** Effects whose denial people have overruled and that were not made yet: claimed here, each passing once. */
export async function takeBrokenGlass(tx: Tx, parts: ResponderParts, replica: string): Promise<readonly Claimed[]> {
  const at = parts.clock()
  const found = await tx.query<Glass>({ name: 'broken-glass', text: broken }, [tx.tenant, at])
  if (found.rowCount === 0) return []
  const { live, places } = parts
  const round = await openRound(
    tx,
    { at, replica, live, artifactsDir: places.artifactsDir },
    await lockAudit(tx),
    found.rows,
  )
  const claimed: Claimed[] = []
  for (const one of found.rows) claimed.push(...(await passOnce(round, parts, one)))
  await writeRound(round)
  return claimed
}

const broken = `select a.id, a.run, a.incident, a.path, a.digest from approval a where a.tenant = $1 and a.kind = 'break-glass' and a.status = 'approved'
  and not exists (select from effect e where e.tenant = $1 and e.overruled = a.id and (e.outcome is not null or e.claimed_by is not null or e.next_at > $2))
  order by a.settled_at limit 10`

async function passOnce(round: Round, parts: ResponderParts, glass: Glass): Promise<readonly Claimed[]> {
  const { tx } = round
  const approval = (await round.approvals()).get(glass.id)
  const run = round.runs.get(glass.run)
  const incident = run === undefined ? undefined : round.incidents.get(run.incident)
  const bundle = run === undefined ? undefined : await parts.bundleOf(run.bundle)
  const steps = await tx.query<{ denied: Denied | null }>(
    'select denied from run_step where tenant = $1 and run = $2 and path = $3',
    [tx.tenant, glass.run, glass.path],
  )
  const denied = steps.rows[0]?.denied ?? null
  if (approval?.status !== 'approved' || run === undefined || incident === undefined) return []
  if (bundle === undefined || denied === null) return []
  const [integration = '', action = ''] = denied.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  const playbook = bundle.playbooks.get(run.playbook)
  const author = playbook === undefined ? '' : ownersOf(bundle, playbook)
  const turn: Turn = { round, run, bundle, incident, facts: incidentFacts(incident), author }
  const path = `${glass.path}~overruled`
  const refuse = async (why: string) => {
    await tx.query(`update approval set status = 'void' where tenant = $1 and id = $2`, [tx.tenant, glass.id])
    tell(turn, glass.id, 'break-glass.refused', `the broken glass counts for nothing: ${why}`)
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
  // Another replica may have been faster.
  if (run.results.some((one) => one.path === path)) return []
  const open = run.open.get(path)
  if (open !== undefined) {
    return left(turn, await settleOpen(turn, wanted, open, manner))
  }
  const decision = await decideEffect(turn, wanted, null)
  if (decision.answer === 'deny' && decision.breakGlass === null) return refuse(decision.sentence)
  const intended = intendEffect(turn, wanted, manner, { decision, approval: null, overruled: glass.id })
  tell(
    turn,
    glass.id,
    'break-glass.pass',
    `BREAK GLASS: ${denied.action} on ${target} is done against: ${decision.sentence}`,
  )
  return left(turn, await claimCall(turn, wanted, intended, manner, 'call'))
}

function left({ round, run }: Turn, taken: Taken): readonly Claimed[] {
  if (taken.kind === 'ended') recordSteps(round, run, [taken.result])
  return taken.kind === 'claimed' ? [taken.claimed] : []
}

function tell({ round, incident, run }: Turn, approval: string, action: string, sentence: string): void {
  const { at, writes } = round
  const { number } = incident
  const details = { run: run.id, incident: number, sentence }
  writes.audit.push({ at, actor: 'gitsoc', action, subject: `approval/${approval}`, details })
  writes.timeline.push({ incident: number, at, kind: 'action', actor: run.playbook, sentence })
}
