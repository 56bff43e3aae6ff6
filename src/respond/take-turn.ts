import type { Bundle } from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { advance, type NextStep, type StepResult } from '../core/playbook/index.ts'
import type { Claimed } from './claimed.ts'
import { endRun } from './end-run.ts'
import type { KnownRun } from './known-run.ts'
import { leaveRun } from './leave-run.ts'
import { ownersOf } from './owners-of.ts'
import { type RecordedStep, recordSteps } from './record-steps.ts'
import { recordTurn } from './record-turn.ts'
import type { Round } from './round.ts'
import { takeAction } from './take-action.ts'
import { takeAsk } from './take-ask.ts'
import { takeWait } from './take-wait.ts'
import type { Taken, Turn } from './turn.ts'
import { undoNext } from './undo-effects.ts'

/** What a turn left to be done outside of it. */
export interface Turned {
  readonly claimed: readonly Claimed[]
  /** Steps that ended, decisions left out. */
  readonly ended: readonly StepResult[]
  /** Whether there is more to do at once: others are not to wait for it. */
  readonly isUnfinished: boolean
}

const nothing: Turned = { claimed: [], ended: [], isUnfinished: false }
const maxAdvances = 100

/**
 * One turn of a run in a round that holds it: everything that needs nobody outside is done, every question asked, every
 * wait begun, and each effect that may be made leaves with its intent on record.
 */
export async function takeTurn(round: Round, run: KnownRun, bundle: Bundle | undefined): Promise<Turned> {
  const { at } = round
  const incident = round.incidents.get(run.incident)
  if (incident === undefined) return nothing
  const end = (status: 'cancelled' | 'expired', sentence: string) => {
    endRun(round, run, { status, sentence, outputs: {} })
    return nothing
  }
  // An effect that was intended is settled before its run gives way.
  if (run.supersededBy !== null && run.open.size === 0)
    return end(
      'cancelled',
      `${run.supersededBy} of the same playbook started earlier and goes on: their incidents turned out to be one`,
    )
  const isExpired = at >= run.deadlineAt
  if (isExpired && run.open.size === 0) return end('expired', 'the deadline of the playbook has passed')
  const playbook = bundle?.playbooks.get(run.playbook)
  if (bundle === undefined || playbook === undefined || run.status === 'paused') return nothing
  const facts = incidentFacts(incident)
  const turn: Turn = { round, run, bundle, incident, facts, author: ownersOf(bundle, playbook) }
  const claimed: Claimed[] = []
  const ended: StepResult[] = []
  for (let count = 0; count < maxAdvances; count++) {
    const record = {
      results: run.results,
      facts,
      inputs: run.inputs,
      started: new Set(run.open.keys()),
      cancelled: isExpired ? 'the deadline of the playbook has passed' : run.cancelled,
    }
    const advanced = await advance(playbook, record, bundle.playbooks)
    recordTurn(round, run.id, record, advanced)
    const undoing = advanced.end !== null && run.rollback ? await undoNext(turn) : null
    const taken = undoing === null ? await takeAll(turn, advanced.next) : [undoing.taken]
    const fresh: RecordedStep[] = [...advanced.results]
    for (const one of taken) {
      if (one.kind === 'ended') fresh.push(one.result)
      if (one.kind === 'claimed') claimed.push(one.claimed)
    }
    recordSteps(round, run, fresh)
    ended.push(...fresh.filter((one) => one.status !== 'decided'))
    if (advanced.end !== null && undoing === null) {
      endRun(round, run, isExpired ? { ...advanced.end, status: 'expired' } : advanced.end)
      return { claimed, ended, isUnfinished: false }
    }
    if (taken.some((one) => one.kind === 'ended')) continue
    const paths = undoing === null ? advanced.next.map((one) => one.path) : [undoing.path]
    await leaveRun(round, run, paths, taken)
    return { claimed, ended, isUnfinished: false }
  }
  run.status = 'running'
  round.writes.runs.set(run.id, { status: 'running', wakeAt: run.wakeAt, ended: null })
  return { claimed, ended, isUnfinished: true }
}

async function takeAll(turn: Turn, next: readonly NextStep[]): Promise<Taken[]> {
  const taken: Taken[] = []
  for (const one of next) taken.push(await take(turn, one))
  return taken
}

async function take(turn: Turn, next: NextStep): Promise<Taken> {
  switch (next.kind) {
    case 'task': {
      const { title, path } = next
      const origin = `${turn.run.playbook}/${next.step.id}`
      turn.round.writes.tasks.push({ incident: turn.incident.number, title, origin })
      return { kind: 'ended', result: { path, status: 'done', output: title, sentence: `left a task: ${title}` } }
    }
    case 'ask':
      return takeAsk(turn, next)
    case 'wait':
      return takeWait(turn, next)
    case 'action':
      return takeAction(turn, next)
  }
}
