import type { Bundle } from '../core/content/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import { lockAudit, type Store, type Tx } from '../store/index.ts'
import type { CallOutcome } from './calls.ts'
import type { Claimed } from './claimed.ts'
import { type DueRun, dueRuns, lockWhenDue } from './due-runs.ts'
import type { KnownRun } from './known-run.ts'
import type { Live } from './make-effect.ts'
import type { PerformPlaces } from './perform.ts'
import { recordMade } from './record-made.ts'
import { recordUnsent } from './record-unsent.ts'
import { openRound, type Round } from './round.ts'
import { takeTurn } from './take-turn.ts'
import { writeRound } from './write-round.ts'

export interface WorkParts {
  readonly store: Store
  readonly bundleOf: (digest: string) => Bundle | undefined | Promise<Bundle | undefined>
  readonly clock: () => number
  readonly live?: Live
  readonly places: PerformPlaces
}

/** What a round is to do: record these outcomes, and take turns of their runs and of others. */
export interface Wish {
  readonly replica: string
  readonly outcomes: readonly CallOutcome[]
  /** Which other runs: these, or at most `max` that are due and not `resting`. */
  readonly runs: readonly string[] | null
  readonly max: number
  /** Whether turns are taken, and not only outcomes recorded. */
  readonly takesTurns: boolean
  readonly resting: readonly string[]
  /** Up to when times of runs have come. */
  readonly since: number
}

/** What a round came to, once it is committed. */
export interface Worked {
  readonly claimed: readonly Claimed[]
  readonly ended: readonly { readonly incident: IncidentNumber; readonly step: StepResult }[]
  /** Runs of it that have nothing to do for now. */
  readonly idle: readonly string[]
  /** Outcomes whose run was given to another incident at this moment: again. */
  readonly again: readonly CallOutcome[]
  /** Runs that were due and had their turn. */
  readonly due: readonly string[]
  /** Whether there may be more to do at once. */
  readonly more: boolean
  /** The first time for which a run of it waits. */
  readonly nextAt: number | null
}

const nothing: Worked = { claimed: [], ended: [], idle: [], again: [], due: [], more: false, nextAt: null }

/** What the turns of a round came to so far. */
interface Came {
  readonly claimed: Claimed[]
  readonly ended: { readonly incident: IncidentNumber; readonly step: StepResult }[]
  readonly idle: Set<string>
  readonly unfinished: Set<string>
}

/**
 * One round: one transaction that records what calls came to and takes a turn of each of these runs and of others that
 * are due. Everything about them is read together and written together: a round has about the same number of statements
 * for one run as for thirty, and they wait for the disk once.
 */
export function workRound(parts: WorkParts, wish: Wish, began: (runs: readonly DueRun[]) => void): Promise<Worked> {
  return parts.store.transaction(async (tx) => {
    const { head, all } = await findRuns(tx, wish)
    if (head === null) return nothing
    began(all)
    const { live, places } = parts
    const { artifactsDir } = places
    const round = await openRound(tx, { at: parts.clock(), replica: wish.replica, live, artifactsDir }, head, all)
    const came: Came = { claimed: [], ended: [], idle: new Set(), unfinished: new Set() }
    await recordOutcomes(round, wish.outcomes, came)
    if (wish.takesTurns) await takeTurns(round, parts, wish.since, all, came)
    const done = worked(round, wish, all, came)
    await writeRound(round)
    return done
  })
}

/** The runs that are to have a turn, with the chain held; no `head` when there is nothing to do. */
async function findRuns(tx: Tx, { outcomes, runs, max, since, resting }: Wish) {
  const asked = [...new Set([...outcomes.map((one) => one.claimed.run), ...(runs ?? [])])]
  // The second statement sees what there is once the first holds the chain.
  const [head, all] = await Promise.all([
    asked.length > 0 ? lockAudit(tx) : lockWhenDue(tx, { since, resting }),
    dueRuns(tx, { runs: asked, max: runs === null ? max : 0, since, resting }),
  ])
  return { head, all }
}

async function recordOutcomes(round: Round, outcomes: readonly CallOutcome[], { ended, idle }: Came): Promise<void> {
  for (const outcome of outcomes) {
    const run = round.runs.get(outcome.claimed.run)
    if (run === undefined) continue
    const step = await record(round, run, outcome)
    if (step !== null) ended.push({ incident: run.incident, step })
    // What was not sent is not tried again at once.
    if (outcome.made === null) idle.add(run.id)
  }
}

async function takeTurns(
  round: Round,
  { bundleOf }: WorkParts,
  since: number,
  all: readonly DueRun[],
  { claimed, ended, idle, unfinished }: Came,
): Promise<void> {
  for (const one of all) {
    const run = round.runs.get(one.run)
    if (run === undefined || idle.has(run.id) || !isDue(run, since)) continue
    const turned = await takeTurn(round, run, await bundleOf(run.bundle))
    for (const step of turned.ended) ended.push({ incident: run.incident, step })
    claimed.push(...turned.claimed)
    if (turned.isUnfinished) unfinished.add(run.id)
    else if (!round.writes.runs.has(run.id)) idle.add(run.id)
  }
}

function worked({ runs, writes }: Round, wish: Wish, all: readonly DueRun[], came: Came): Worked {
  const due = all.filter((one) => one.isDue).map((one) => one.run)
  const times = [...writes.runs.values()].flatMap((one) => one.wakeAt ?? [])
  return {
    claimed: came.claimed,
    ended: came.ended,
    idle: [...came.idle],
    again: wish.outcomes.filter(({ claimed: { run } }) => !runs.has(run) && all.some((one) => one.run === run)),
    due: due.filter((run) => !came.unfinished.has(run)),
    more: came.unfinished.size > 0 || (wish.runs === null && due.length >= wish.max),
    nextAt: times.length === 0 ? null : Math.min(...times),
  }
}

const isDue = ({ status, wakeAt }: KnownRun, since: number) =>
  status === 'running' || (['waiting', 'paused'].includes(status) && wakeAt !== null && wakeAt <= since)

async function record(round: Round, run: KnownRun, { claimed, made }: CallOutcome): Promise<StepResult | null> {
  const step = made === null ? await recordUnsent(round, run, claimed) : recordMade(round, run, claimed, made)
  if (step !== null && run.status === 'waiting') {
    run.status = 'running'
    round.writes.runs.set(run.id, { status: 'running', wakeAt: run.wakeAt, ended: null })
  }
  return step === 'open' ? null : step
}
