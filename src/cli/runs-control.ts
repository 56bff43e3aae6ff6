import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { Json } from '../core/model/index.ts'
import {
  breakGlass,
  type Controlled,
  cancelRun,
  type Hand,
  pauseRun,
  rerunFrom,
  resumeRun,
  signalRun,
} from '../respond/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { runsGroup } from './runs-group.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly as?: string
  readonly reason: string
  readonly json?: boolean
}

/** `gitsoc runs pause|resume|cancel|rerun|signal` and `gitsoc break-glass`: what people do to a run. */
export function register(program: Command): void {
  const runs = runsGroup(program)
  steering(
    runs
      .command('pause')
      .argument('<run>')
      .description('take no further step until it is resumed; the deadline goes on'),
  ).action((run: string, options: Options) => steer(options, (store, hand) => pauseRun(store, run, hand)))
  steering(runs.command('resume').argument('<run>').description('let a paused run go on')).action(
    (run: string, options: Options) => steer(options, (store, hand) => resumeRun(store, run, hand)),
  )
  steering(
    runs
      .command('cancel')
      .argument('<run>')
      .description('begin nothing new, settle what is under way, do "finally", end'),
  )
    .option('--rollback', 'take back what it did, the last first, unless a policy denies it')
    .action((run: string, options: Options & { rollback?: boolean }) =>
      steer(options, (store, hand) => cancelRun(store, run, { ...hand, rollback: options.rollback === true })),
    )
  steering(
    runs.command('rerun').argument('<run>').description('do a run that is over again, from a step on, as a new run'),
  )
    .requiredOption('--from <step>', 'the first step that is done again, as "gitsoc runs show --json" names it')
    .action((run: string, options: Options & { from: string }) =>
      steer(options, (store, hand) => rerunFrom(store, run, options.from, hand)),
    )
  steering(
    runs
      .command('signal')
      .argument('<run>')
      .argument('<name>')
      .description('tell a run what it waits for, or will wait for'),
  )
    .option('--payload <json>', 'what comes with it')
    .action((run: string, name: string, options: Options & { payload?: string }) =>
      steer(options, (store, hand) => signalRun(store, run, { ...hand, name, payload: payloadOf(options.payload) })),
    )
  steering(
    program
      .command('break-glass')
      .argument('<run>')
      .argument('<step>', 'the denied step')
      .description('ask two people to overrule a denial, for exactly the effect that was denied'),
  )
    .addHelpText(
      'after',
      '\nIt prints the approval that two people have to give. The stop switch and unknown effects are never overruled.',
    )
    .action((run: string, step: string, options: Options) =>
      steer(options, (store, hand) => breakGlass(store, run, step, hand)),
    )
}

const steering = (command: Command) =>
  withStoreOptions(command)
    .option('--reason <text>', 'why; goes into timeline and audit', '')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--json', 'one JSON document')

async function steer(options: Options, work: (store: Store, hand: Hand) => Promise<Controlled>): Promise<void> {
  const actor = options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
  const done = await withStore(options, (store) => work(store, { actor, reason: options.reason, at: Date.now() }))
  if (!done.ok)
    throw new Failure(`nothing was changed: ${done.why}`, { hint: 'gitsoc runs show RUN says how things stand' })
  process.stdout.write(options.json ? `${JSON.stringify(done)}\n` : `${done.run}\n`)
}

function payloadOf(text: string | undefined): Json {
  if (text === undefined) return null
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new Failure('the payload is no JSON', { hint: `--payload '{"ticket": 12}'`, exitCode: 2 })
  }
}
