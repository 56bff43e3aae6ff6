import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Containment } from '../cases/index.ts'
import { formatPlace, oneLine } from '../core/model/index.ts'
import {
  containmentStatus,
  createVendorWatch,
  type Drift,
  type ReconcileParts,
  reconcileContainment,
  storedBundles,
} from '../respond/index.ts'
import { secretsFrom } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { checkConfig } from './check-config.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { readConfig } from './read-config.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly incident?: string
  readonly dir: string
  readonly work?: string
  readonly as?: string
  readonly config?: string
  readonly json?: boolean
}

const defaultWork = join('var', 'work')

/** `gitsoc containment`: what is blocked, isolated and disabled, and whether the files say the same. */
export function register(program: Command): void {
  const group = program.command('containment').description('what is blocked, isolated and disabled, as files')
  const command = (name: string, description: string) =>
    withStoreOptions(group.command(name).description(description))
      .option('--incident <number>', 'of one incident only')
      .option('--dir <dir>', 'where the folders of incidents are', 'incidents')
      .option('--json', 'one JSON document')
  command('status', 'what holds, and where it differs from the files; changes nothing')
    .addHelpText('after', '\nEnds with 1 when anything differs.')
    .option(
      '--config <file>',
      'configuration of integrations, as for gitsoc start: vendors are asked too, where their manifests say how',
    )
    .action(async (options: Options) => {
      const incident = numberOf(options)
      const { standing, drift } = await withStore(options, async (store) => {
        if (options.config === undefined)
          return containmentStatus({ store, clock: Date.now, dir: options.dir }, incident)
        const parts = await partsOf(store, options)
        return containmentStatus(parts, incident, createVendorWatch(parts, { atOnce: 200, forMs: 0 }))
      })
      process.stdout.write(options.json ? `${JSON.stringify({ standing, drift })}\n` : text(standing, drift))
      if (drift.length > 0) process.exitCode = 1
    })
  command(
    'apply',
    'take back what has expired, was removed from a file or belongs to a closed incident; write the files',
  )
    .option('--work <dir>', 'where artifacts are written', defaultWork)
    .option(
      '--config <file>',
      'configuration of integrations, as for gitsoc start; without it nothing real is taken back',
    )
    .option('--as <actor>', 'who does it (default: the user of this machine)')
    .addHelpText(
      'after',
      '\nNothing is ever contained by it: an entry that was added by hand is told. Ends with 1 when something is left.',
    )
    .action(async (options: Options) => {
      const incident = numberOf(options)
      await withStore(options, (store) => apply(store, options, incident))
    })
}

async function partsOf(store: Store, options: Options): Promise<ReconcileParts> {
  const bundle = await loadBundle()
  const config = await readConfig(options.config)
  checkConfig(config, [bundle])
  return {
    store,
    bundleOf: storedBundles(store, () => bundle),
    current: bundle,
    clock: Date.now,
    places: {
      artifactsDir: join(options.work ?? defaultWork, 'artifacts'),
      outboxDir: join(options.work ?? defaultWork, 'outbox'),
    },
    dir: options.dir,
    live: { config: config.of, secrets: secretsFrom(process.env) },
  }
}

async function apply(store: Store, options: Options, incident: number | null): Promise<void> {
  const parts = await partsOf(store, options)
  const actor = options.as ?? userInfo().username
  const { done, left, written } = await reconcileContainment(parts, {
    actor,
    again: true,
    ...(incident === null ? {} : { incident }),
  })
  const { drift } = await containmentStatus(parts, incident)
  if (options.json) process.stdout.write(`${JSON.stringify({ done, left, written, drift })}\n`)
  else {
    const lines = [
      ...done.map((one) => oneLine(one, 400)),
      ...left.map((one) => `left: ${oneLine(one, 400)}`),
      ...written.map((one) => `wrote ${join(options.dir, String(one), 'containment.yaml')}`),
      ...drift.map(driftLine),
    ]
    process.stdout.write(lines.length === 0 ? 'reality and files are equal\n' : `${lines.join('\n')}\n`)
  }
  if (left.length > 0 || drift.length > 0) process.exitCode = 1
}

function numberOf(options: Options): number | null {
  if (options.incident === undefined) return null
  const number = Number(options.incident.replace(/^INC-/i, ''))
  if (Number.isInteger(number) && number > 0) return number
  throw new Failure(`--incident is a number, not "${options.incident}"`, { exitCode: 2 })
}

function text(standing: readonly Containment[], drift: readonly Drift[]): string {
  if (standing.length === 0 && drift.length === 0) return 'nothing is contained, and no file says so\n'
  return `${[...standing.map(line), ...drift.map(driftLine)].join('\n')}\n`
}

const time = (at: number | null) => (at === null ? 'no end' : new Date(at).toISOString())
const line = (one: Containment) =>
  `incident ${one.incident}  ${one.action} on ${oneLine(one.target, 60)} (${one.mode}) since ${time(one.since)} ${one.undo === null ? 'for good' : `until ${time(one.until)}`}  ${one.effect}`
const driftLine = (one: Drift) =>
  `drift: incident ${one.incident}: ${one.place === undefined ? '' : `${formatPlace(one.place)} `}${oneLine(one.sentence, 300)}\n  hint: ${oneLine(one.hint, 300)}`
