import { type Command, InvalidArgumentError } from 'commander'
import { duration, type Metrics, metrics, type Spread, type Times, utc } from '../cases/index.ts'
import { durationMs } from '../core/correlate/index.ts'
import { parseTimestamp } from '../core/model/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly from?: number
  readonly to?: number
  readonly last?: number
  readonly json?: boolean
}

/** `gitsoc metrics`: how fast incidents were found and worked off, and how much people were spared. */
export function register(program: Command): void {
  withStoreOptions(program.command('metrics').description('how fast incidents were found and worked off'))
    .option('--from <time>', 'incidents that began at or after this, e.g. 2026-05-01 or 2026-05-01T08:00:00Z', time)
    .option('--to <time>', 'incidents that began before this', time)
    .option('--last <duration>', 'incidents that began within this time up to now, e.g. 24h or 30d', span)
    .option('--json', 'one JSON document')
    .action(async (options: Options) => {
      if (options.last !== undefined && (options.from !== undefined || options.to !== undefined))
        throw new Failure('--last goes without --from and --to', { exitCode: 2 })
      const from = options.last === undefined ? (options.from ?? null) : Date.now() - options.last
      const found = await withStore(options, (store) =>
        store.transaction((tx) => metrics(tx, { from, to: options.to ?? null })),
      )
      process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : text(found))
    })
}

function text(found: Metrics): string {
  const { reduction } = found
  const severities = Object.entries(found.bySeverity).filter(([, times]) => times.incidents > 0)
  const { detect, acknowledge, contain, resolve } = found.all
  const words = (tally: Readonly<Record<string, number>>) =>
    Object.entries(tally)
      .map(([word, count]) => `${count} ${word}`)
      .join(', ') || 'none'
  const range =
    found.from === null && found.to === null
      ? 'all incidents'
      : `incidents from ${found.from === null ? 'the beginning' : `${utc(found.from)} UTC`} to ${found.to === null ? 'now' : `${utc(found.to)} UTC`}`
  return `${[
    range,
    '',
    columns(['', 'mean', 'median', '90th percentile', 'incidents']),
    columns(['MTTD', ...spread(detect)]),
    columns(['MTTA', ...spread(acknowledge)]),
    columns(['MTTC', ...spread(contain)]),
    columns(['MTTR', ...spread(resolve)]),
    '',
    ...(severities.length === 0 ? [] : [columns(['mean', 'MTTD', 'MTTA', 'MTTC', 'MTTR', 'incidents'])]),
    ...severities.map(([name, times]) => columns([name.toLowerCase(), ...means(times)])),
    ...(severities.length === 0 ? [] : ['']),
    `status    ${words(found.byStatus)}`,
    `verdict   ${words(found.byVerdict)}`,
    `reduction ${reduction.events} events, ${reduction.signals} signals, ${reduction.alerts} alerts, ${reduction.incidents} incidents${reduction.spared === null ? '' : ` (${(Math.floor(reduction.spared * 100_000) / 1000).toFixed(3)} % need nobody)`}`,
  ].join('\n')}\n`
}

const spread = (one: Spread) =>
  one === null
    ? ['-', '-', '-', '0']
    : [...[one.mean, one.median, one.p90].map((ms) => duration(ms)), String(one.count)]

const means = ({ incidents, ...times }: Times) => [
  ...[times.detect, times.acknowledge, times.contain, times.resolve].map((one) => duration(one?.mean ?? null)),
  String(incidents),
]

function columns(cells: readonly string[]): string {
  return cells
    .map((one, index) => one.padEnd(index === 0 ? 10 : 17))
    .join('')
    .trimEnd()
}

function time(text: string): number {
  const at = parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text, 'rfc3339')
  if (at === null) throw new InvalidArgumentError('it is a day or a time with zone.')
  return at
}

function span(text: string): number {
  const ms = durationMs(text)
  if (ms === null) throw new InvalidArgumentError('it is a duration like 90m, 24h or 30d.')
  return ms
}
