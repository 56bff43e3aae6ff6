import { addTask, readIncident } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { advance, type NextStep, type StepResult } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'
import { type OpenEffect, openEffects } from './claim-effect.ts'
import type { Claimed } from './claimed.ts'
import { endRun } from './end-run.ts'
import type { LockedRun } from './lock-run.ts'
import type { Live } from './make-effect.ts'
import { type RecordedStep, recordSteps } from './record-steps.ts'
import { recordTurn } from './record-turn.ts'
import { takeAction } from './take-action.ts'
import { takeAsk } from './take-ask.ts'
import { takeWait } from './take-wait.ts'
import type { Run, Taken, Turn } from './turn.ts'
import { undoNext } from './undo-effects.ts'

/** What a turn left to be done outside of it. */
export interface Turned {
  readonly claimed: readonly Claimed[]
  /** Steps that ended, decisions left out. */
  readonly ended: readonly StepResult[]
}

const nothing: Turned = { claimed: [], ended: [] }
const maxAdvances = 400

/**
 * One turn of a run in one transaction that holds it: everything that needs nobody outside is done, every question asked,
 * every wait begun, and each effect that may be made leaves with its intent on record.
 */
export async function takeTurn(
  tx: Tx,
  run: Run,
  bundle: Bundle | undefined,
  found: LockedRun,
  parts: { readonly at: number; readonly replica: string; readonly live: Live | undefined },
): Promise<Turned> {
  const { at } = parts
  const incident = await readIncident(tx, found.incident)
  if (incident === null) return nothing
  const end = async (status: 'cancelled' | 'expired', sentence: string) => {
    await endRun(tx, run, incident.number, { status, sentence, outputs: {} }, at)
    return nothing
  }
  if (found.supersededBy !== null)
    return end(
      'cancelled',
      `${found.supersededBy} of the same playbook started earlier and goes on: their incidents turned out to be one`,
    )
  if (at >= run.deadlineAt && !found.isUnsettled) return end('expired', 'the deadline of the playbook has passed')
  const playbook = bundle?.playbooks.get(run.playbook)
  if (bundle === undefined || playbook === undefined || found.status === 'paused') return nothing
  const isExpired = at >= run.deadlineAt
  const facts = incidentFacts(incident)
  const turn: Turn = { tx, run, bundle, incident, facts, author: playbook.owner, ...parts }
  const known = await tx.query<StepResult>(
    {
      name: 'run-results',
      text: 'select path, status, output, sentence from run_step where tenant = $1 and run = $2 order by n',
    },
    [tx.tenant, run.id],
  )
  const results: RecordedStep[] = [...known.rows]
  const open = new Map(await openEffects(turn))
  const claimed: Claimed[] = []
  const ended: StepResult[] = []
  for (let count = 0; count < maxAdvances; count++) {
    const record = {
      results,
      facts,
      inputs: found.inputs,
      started: new Set(open.keys()),
      cancelled: isExpired ? 'the deadline of the playbook has passed' : found.cancelled,
    }
    const advanced = await advance(playbook, record, bundle.playbooks)
    await recordTurn(tx, run.id, record, advanced, at)
    const undoing = advanced.end !== null && found.rollback ? await undoNext(turn, open) : null
    const taken = undoing === null ? await takeAll(turn, advanced.next, open) : [undoing.taken]
    const fresh: RecordedStep[] = [...advanced.results]
    for (const one of taken) {
      if (one.kind === 'ended') fresh.push(one.result)
      if (one.kind === 'claimed') {
        claimed.push(one.claimed)
        open.set(one.claimed.path, asOpen(one.claimed, parts.replica))
      }
    }
    await recordSteps(tx, run, incident.number, fresh, at)
    results.push(...fresh)
    for (const one of fresh) open.delete(one.path)
    ended.push(...fresh.filter((one) => one.status !== 'decided'))
    if (advanced.end !== null && undoing === null) {
      const ending = isExpired ? { ...advanced.end, status: 'expired' as const } : advanced.end
      await endRun(tx, run, incident.number, ending, at)
      return { claimed, ended }
    }
    if (taken.some((one) => one.kind === 'ended')) continue
    await leave(turn, advanced.next, taken, undoing?.path ?? null)
    return { claimed, ended }
  }
  return { claimed, ended }
}

async function takeAll(turn: Turn, next: readonly NextStep[], open: ReadonlyMap<string, OpenEffect>): Promise<Taken[]> {
  const taken: Taken[] = []
  for (const one of next) taken.push(await take(turn, one, open))
  return taken
}

async function take(turn: Turn, next: NextStep, open: ReadonlyMap<string, OpenEffect>): Promise<Taken> {
  switch (next.kind) {
    case 'task': {
      const { title, path } = next
      await addTask(turn.tx, turn.incident.number, title, `${turn.run.playbook}/${next.step.id}`)
      return { kind: 'ended', result: { path, status: 'done', output: title, sentence: `left a task: ${title}` } }
    }
    case 'ask':
      return takeAsk(turn, next)
    case 'wait':
      return takeWait(turn, next)
    case 'action':
      return takeAction(turn, next, open.get(next.path))
  }
}

/** A run that waits is looked at again when something happens to it, or when the first of its times has come. */
async function leave(turn: Turn, next: readonly NextStep[], taken: readonly Taken[], undoing: string | null) {
  const { tx, run, at } = turn
  const paths = undoing === null ? next.map((one) => one.path) : [undoing]
  const times = taken.flatMap((one) => (one.kind === 'waits' && one.wakeAt !== null ? [one.wakeAt] : []))
  await tx.query(
    {
      name: 'leave-run',
      text: `with void as (update approval set status = 'void', settled_at = $4 where tenant = $1 and run = $2
          and status = 'pending' and kind <> 'break-glass' and not path = any($5))
        update run set status = 'waiting', wake_at = $3 where tenant = $1 and id = $2`,
    },
    [tx.tenant, run.id, Math.min(run.deadlineAt > at ? run.deadlineAt : Number.MAX_SAFE_INTEGER, ...times), at, paths],
  )
}

const asOpen = (one: Claimed, replica: string): OpenEffect => ({
  id: one.id,
  path: one.path,
  mode: one.mode,
  inputs: one.inputs,
  target: one.target,
  gate: { sentence: one.why },
  claimedBy: replica,
  overruled: null,
  nextAt: null,
  approvedBy: one.approvedBy,
  intendedAt: one.at,
  calls: [],
})
