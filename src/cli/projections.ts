import { type Command, InvalidArgumentError, Option } from 'commander'
import { cell, plain, utc } from '../cases/index.ts'
import {
  type Channel,
  countProjections,
  listProjections,
  type Projection,
  retryProjections,
} from '../projection/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
  readonly channel?: Channel
}

const channels: readonly Channel[] = ['github', 'slack', 'pagerduty', 'escalation']

/** `gitsoc projections`: what GitHub, Slack and PagerDuty have not been told yet, and why. */
export function register(program: Command): void {
  const projections = program
    .command('projections')
    .description('what GitHub, Slack and PagerDuty have been told, and not yet')
  withStoreOptions(
    projections.command('list').description('what is dead first, then what waits, then the newest written'),
  )
    .addOption(new Option('--channel <channel>', 'of this channel').choices(channels))
    .addOption(new Option('--state <state>', 'in this state').choices(['dead', 'waiting', 'written']))
    .option('--limit <n>', 'at most so many', positive, 50)
    .option('--json', 'one JSON document')
    .action(list)
  withStoreOptions(
    projections.command('retry').description('try again what was refused, after what it failed on was mended'),
  )
    .addArgument(program.createArgument('<channel>', 'github, slack or pagerduty').choices(channels))
    .argument('[subject]', 'as list names it, e.g. incident/7; without it everything that failed')
    .option('--json', 'one JSON document')
    .action(retry)
}

async function list(
  options: Options & { readonly state?: Projection['state']; readonly limit: number },
): Promise<void> {
  const { found, counts } = await withStore(options, (store) =>
    store.snapshot(async (tx) => ({
      found: await listProjections(tx, {
        limit: options.limit,
        ...(options.channel === undefined ? {} : { channel: options.channel }),
        ...(options.state === undefined ? {} : { state: options.state }),
      }),
      counts: await countProjections(tx),
    })),
  )
  if (options.json) return write([JSON.stringify({ counts, projections: found })])
  if (found.length === 0)
    return write(
      counts.length === 0
        ? [
            'nothing is told or waits to be told: no server with github:, slack: or pagerduty: in its configuration has run here',
          ]
        : ['nothing is in this state; without --channel and --state all of it is shown'],
    )
  const todo = new Set(found.flatMap((one) => (one.state === 'written' ? [] : (one.problem?.todo ?? []))))
  write([
    ...counts.map((one) => `${String(one.count).padStart(7)} ${one.state.padEnd(8)} ${one.channel}`),
    '',
    ...found.map(line),
    ...[...todo].map((one) => `to do: ${plain(one, 400)}`),
    ...(found.some((one) => one.state === 'dead')
      ? ['when that is mended: gitsoc projections retry CHANNEL, or with a subject only that']
      : []),
  ])
}

function line(one: Projection): string {
  const at = one.state === 'written' ? `written ${utc(one.writtenAt)}` : `since ${utc(one.markedAt)}`
  const trouble =
    one.state === 'written' || one.problem === null
      ? ''
      : `  ${one.problem.kind} (${one.attempts} tries): ${plain(one.problem.why, 120)}`
  return `${one.state.padEnd(8)} ${cell(one.channel, 9)} ${cell(plain(one.subject), 24)} ${at}${trouble}`
}

async function retry(channel: Channel, subject: string | undefined, options: Options): Promise<void> {
  const count = await withStore(options, (store) =>
    store.transaction((tx) => retryProjections(tx, channel, subject ?? null)),
  )
  if (count === 0 && subject !== undefined)
    throw new Failure(`${plain(subject)} of ${channel} has nothing that failed`, { hint: 'gitsoc projections list' })
  const text =
    count === 0
      ? `nothing of ${channel} failed: there is nothing to try again`
      : `tried again: ${count}; the server does so at once`
  write([options.json ? JSON.stringify({ retried: count }) : text])
}

const write = (lines: readonly string[]) => void process.stdout.write(`${lines.join('\n')}\n`)

function positive(given: string): number {
  const number = /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (number === 0) throw new InvalidArgumentError('it is a whole number from 1.')
  return number
}
