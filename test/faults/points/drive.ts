import { setTimeout as wait } from 'node:timers/promises'
import { changeIncident, readContainments } from '../../../src/cases/index.ts'
import type { Bundle } from '../../../src/core/content/index.ts'
import {
  answerApproval,
  breakGlass,
  cancelRun,
  createResponder,
  type Live,
  pauseRun,
  reconcileContainment,
  rerunFrom,
  resumeRun,
  signalRun,
  startByHand,
  startByHook,
} from '../../../src/respond/index.ts'
import type { Store } from '../../../src/store/index.ts'
import { type Hand, type Scenario, slug } from './scenarios.ts'

/** Where a scenario is played. */
export interface World {
  readonly store: Store
  readonly scenario: Scenario
  readonly bundle: Bundle
  readonly vendorUrl: string
  readonly dir: string
  readonly clock: { at: number }
  /** Called before anything happens to a run from outside. */
  readonly rested: (what: string) => void
}

export const startAt = 1_800_000_000_000
// Longer than anything takes: who is dead is said to be by whoever killed it, not found out by waiting, but in the running form.
const longLeaseMs = 60_000
const leaseMs = 2000
const graceMs = 61_000

/**
 * Plays a scenario to its end from wherever it is: the worker works until nothing goes on by itself, then people answer
 * and do what they are to do, and when nobody has anything to do time goes on to when something is due. What was done
 * already is told by the database alone, so whoever takes over goes on with it.
 */
export async function drive(world: World): Promise<void> {
  await begin(world)
  const live: Live = {
    config: (id) => (id === 'vendor' ? { mode: 'live', url: world.vendorUrl, privateAddresses: true } : {}),
    secrets: () => ['token'],
  }
  const places = { artifactsDir: `${world.dir}/artifacts`, outboxDir: `${world.dir}/outbox` }
  const bundleOf = (digest: string) => (digest === world.bundle.digest ? world.bundle : undefined)
  const parts = { store: world.store, bundleOf, current: world.bundle, clock: () => world.clock.at, places, live }
  const responder = (lease: number) => createResponder({ ...parts, current: () => world.bundle, leaseMs: lease })
  // As a server does from time to time: done twice it changes nothing, and what is missing in the files is written.
  const reconcile = async () => {
    if (world.scenario.reconciles !== true) return
    await reconcileContainment({ ...parts, dir: `${world.dir}/incidents` }, { actor: 'gitsoc', again: false })
  }
  const running = world.scenario.isRunning ? responder(leaseMs) : null
  await running?.start()
  try {
    for (;;) {
      await (running === null ? responder(longLeaseMs).drain() : untilAtRest(world))
      const next = await whatNext(world, reconcile)
      if (next === null) return void (await reconcile())
      world.rested(next.what)
      await next.happens()
    }
  } finally {
    await running?.stop()
  }
}

/** Waits until the running worker, or whoever had claimed something before it, has nothing more to do by itself. */
async function untilAtRest({ store, clock }: World): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until; await wait(40)) {
    const [found] = await store.transaction(async (tx) => {
      const going = `select (select count(*) from run where tenant = $1) as runs,
        (select count(*) from run where tenant = $1 and (status = 'running' or (status = 'waiting' and wake_at <= $2)))
        + (select count(*) from effect where tenant = $1 and outcome is null and claimed_by is not null) as busy`
      return (await tx.query<{ runs: number; busy: number }>(going, [tx.tenant, clock.at])).rows
    })
    if (found !== undefined && found.runs > 0 && found.busy === 0) return
  }
  throw new Error('it does not come to rest')
}

async function begin({ store, bundle, scenario, clock }: World): Promise<void> {
  if (scenario.start === 'every') return
  const playbook = slug(scenario.id)
  const known = await rowsOf<{ id: string }>(store, 'select id from run where tenant = $1')
  if (scenario.start !== 'webhook') {
    if (known.length > 0) return
    const hand = { actor: 'analyst-1', reason: '', at: startAt }
    const started = await startByHand(store, bundle, { playbook, incident: 1, inputs: {}, ...hand })
    if (!started.ok) throw new Error(started.why)
    return
  }
  // Who sends does not know whether it was taken and sends again.
  const compiled = bundle.playbooks.get(playbook)
  const hook = compiled?.trigger.webhook
  if (compiled === undefined || hook === undefined || hook === null) throw new Error(`${playbook} has no webhook`)
  const body = Buffer.from(JSON.stringify({ incident: 1, who: 'u1', report: 'r-1' }))
  const said = await startByHook(store, bundle, { playbook: compiled, hook, body, at: clock.at })
  if (said.kind !== 'decided' || said.run === null) throw new Error(JSON.stringify(said))
  if (known.length > 0 && known[0]?.id !== said.run) throw new Error('the same request was given another run')
}

interface Next {
  readonly what: string
  readonly happens: () => Promise<unknown>
}

interface Asked {
  readonly id: string
  readonly kind: string
  readonly path: string
  readonly action: string
  readonly target: string
  readonly answers: number
}

interface Run {
  readonly id: string
  readonly status: string
  readonly wakeAt: number | null
}

async function whatNext(world: World, reconcile: () => Promise<unknown>): Promise<Next | null> {
  const { store, scenario, clock } = world
  const questions = await rowsOf<Asked>(
    store,
    `select id, kind, path, action, target, (select count(*)::int from approval_answer g where g.tenant = a.tenant and g.approval = a.id) as answers
      from approval a where tenant = $1 and status = 'pending' order by asked_at, path`,
  )
  const asked = questions.find((one) => one.kind === 'unclear' || scenario.people?.[one.path] !== 'silence')
  if (asked !== undefined) return { what: `a person, about ${asked.path}`, happens: () => answer(world, asked) }
  const runs = await rowsOf<Run>(
    store,
    'select id, status, wake_at as "wakeAt" from run where tenant = $1 order by started_at desc, id',
  )
  const active = runs.filter((one) => ['running', 'waiting', 'paused'].includes(one.status))
  const hand = await nextHand(world)
  const run = active[0] ?? runs[0]
  if (hand !== null && (active.length === 0) === /^(rerun|close|glass)/.test(hand))
    return { what: `a person, to ${hand}`, happens: () => lend(world, hand, run?.id ?? '') }
  if (active.length > 0) {
    const at = Math.min(...active.map((one) => one.wakeAt ?? Number.POSITIVE_INFINITY))
    if (!Number.isFinite(at)) throw new Error(`nothing will ever go on: ${JSON.stringify(active)}`)
    return {
      what: 'time',
      async happens() {
        clock.at = Math.max(clock.at, at)
      },
    }
  }
  const open = await rowsOf<{ nextAt: number | null }>(
    store,
    'select next_at as "nextAt" from effect where tenant = $1 and outcome is null',
  )
  if (open.length > 0 && scenario.reconciles !== true)
    return {
      what: 'time, for what is open',
      async happens() {
        clock.at = Math.max(clock.at, ...open.map((one) => one.nextAt ?? 0))
      },
    }
  if (scenario.reconciles !== true) return null
  const standing = (await store.transaction((tx) => readContainments(tx, null))).filter((one) => one.undo !== null)
  if (standing.length === 0) return null
  return {
    what: 'the reconciler',
    async happens() {
      const ends = standing.filter((one) => one.status !== 'closed').map((one) => one.until ?? 0)
      clock.at = Math.max(clock.at, ...ends) + (standing.some((one) => one.undoing === 'open') ? graceMs : 0)
      await reconcile()
    },
  }
}

/** Two people who answer as they are to; whether something was done they look up at the vendor. */
async function answer({ store, scenario, clock, vendorUrl }: World, asked: Asked): Promise<void> {
  const looked = async () => {
    const [, verb = ''] = asked.action.split('.')
    const done = (await (await fetch(`${vendorUrl}/done/${verb}/${asked.target}`)).json()) as { readonly n: number }
    const known = await rowsOf<Pick<Asked, 'action' | 'target'>>(
      store,
      `select action, target from effect where tenant = $1 and outcome = 'done'`,
    )
    const before = known.filter((one) => one.action === asked.action && one.target === asked.target)
    return done.n > before.length ? 'done' : 'repeat'
  }
  const said = await answerApproval(store, {
    id: asked.id,
    answer: asked.kind === 'unclear' ? await looked() : (scenario.people?.[asked.path] ?? 'approve'),
    actor: `analyst-${asked.answers + 2}`,
    roles: ['responder'],
    channel: 'cli',
    reason: 'looked',
    at: clock.at,
  })
  if (!said.ok) throw new Error(said.why)
}

/** What is to be done next by hand; what was done is in the audit. */
async function nextHand({ store, scenario }: World): Promise<Hand | null> {
  const done = await rowsOf(
    store,
    `select from audit where tenant = $1 and (actor = 'lead-1' and (action like 'run.%' or action like 'incident.%') or action = 'break-glass.ask')`,
  )
  return scenario.hands?.[done.length] ?? null
}

async function lend({ store, clock }: World, wanted: Hand, run: string): Promise<void> {
  const hand = { actor: 'lead-1', reason: 'because', at: clock.at }
  const [verb = '', what = ''] = wanted.split(' ')
  const close = { kind: 'status', status: 'closed', verdict: 'true-positive' } as const
  const done =
    verb === 'pause'
      ? await pauseRun(store, run, hand)
      : verb === 'resume'
        ? await resumeRun(store, run, hand)
        : verb === 'signal'
          ? await signalRun(store, run, { ...hand, name: what, payload: null })
          : verb === 'rerun'
            ? await rerunFrom(store, run, what, hand)
            : verb === 'glass'
              ? await breakGlass(store, run, what, hand)
              : verb === 'close'
                ? await changeIncident(store, { number: 1, actor: hand.actor, at: hand.at, change: close })
                : await cancelRun(store, run, { ...hand, rollback: verb === 'cancel-rollback' })
  if (!done.ok) throw new Error(`${wanted}: ${JSON.stringify(done)}`)
}

export const rowsOf = async <Row>(store: Store, sql: string): Promise<readonly Row[]> =>
  store.transaction(async (tx) => (await tx.query<Row>(sql, [tx.tenant])).rows)
