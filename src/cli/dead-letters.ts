import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { cell, plain, utc } from '../cases/index.ts'
import {
  countDeadLetters,
  dismissDeadLetters,
  type Letter,
  type LetterFilter,
  type LetterId,
  type LetterState,
  letterStates,
  listDeadLetters,
  type OpenedLetter,
  readDeadLetter,
  requeueDeadLetters,
} from '../ingest/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
}

interface Chosen extends Options {
  readonly all?: boolean
  readonly source?: string
  readonly code?: string
  readonly as?: string
}

/** `gitsoc dead-letters`: what could not be taken, why, and reading it again. */
export function register(program: Command): void {
  const letters = program.command('dead-letters').description('records that could not be taken, with their reasons')
  const command = (name: string, description: string) =>
    withStoreOptions(letters.command(name).description(description)).option('--json', 'one JSON document')
  const filters = (one: Command) =>
    one.option('--source <integration>', 'of this source').option('--code <code>', 'with this reason, e.g. unparsable')
  const choice = (name: string, description: string) =>
    filters(command(name, description))
      .argument('[letters...]', 'letters, as list names them, e.g. 17.3', letterIds)
      .option('--all', 'every open letter that --source and --code leave')
      .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')

  filters(command('list', 'open letters, the newest first'))
    .option('--state <state>', `${letterStates.join(', ')} or all`, letterState, 'open')
    .option('--limit <n>', 'at most so many', positive, 50)
    .action(list)
  command('show', 'one letter with the bytes it came as')
    .argument('<letter>', 'the letter, as list names it, e.g. 17.3', letterId)
    .action(show)
  choice('requeue', 'read letters again, after what they failed on was mended').action(requeue)
  choice('dismiss', 'end letters that are not worth reading again')
    .requiredOption('--reason <text>', 'why')
    .action(dismiss)
}

async function list(options: Options & LetterFilterOptions & { limit: number }): Promise<void> {
  const filter: LetterFilter = {
    ...(options.state === 'all' ? {} : { state: options.state }),
    ...filterOf(options),
  }
  const { found, counts } = await withStore(options, (store) =>
    store.snapshot(async (tx) => ({
      found: await listDeadLetters(tx, filter, options.limit),
      counts: await countDeadLetters(tx, filter),
    })),
  )
  if (options.json) return print({ counts, letters: found })
  if (found.length === 0) return write(['no dead letters'])
  const all = counts.reduce((sum, one) => sum + one.count, 0)
  write([
    ...counts.map((one) => `${String(one.count).padStart(7)} ${one.state.padEnd(9)} ${one.source}: ${one.code}`),
    '',
    `${cell('letter', 10)} ${cell('received', 19)} ${cell('source', 16)} ${cell('reason', 15)} message`,
    ...found.map(row),
    ...(found.length < all ? [`and ${all - found.length} more (--limit)`] : []),
  ])
}

interface LetterFilterOptions {
  readonly state: LetterState | 'all'
  readonly source?: string
  readonly code?: string
}

const nameOf = (one: LetterId) => `${one.seq}.${one.index}`

function row(one: Letter): string {
  return `${nameOf(one).padEnd(10)} ${utc(one.at)} ${cell(plain(one.source), 16)} ${cell(plain(one.code), 15)} ${one.state === 'open' ? '' : `(${one.state}) `}${plain(one.message, 100)}`
}

async function show(id: LetterId, options: Options): Promise<void> {
  const opened = await withStore(options, (store) => store.snapshot((tx) => readDeadLetter(tx, id)))
  if (opened === null) throw missing(id)
  const { letter, delivery, raw, unit } = opened
  if (options.json)
    return print({
      ...letter,
      transport: delivery.transport,
      contentType: delivery.contentType,
      unit,
      bytes: raw.length,
      raw: raw.toString('base64'),
    })
  write(text(opened))
}

function text({ letter, delivery, raw, unit }: OpenedLetter): readonly string[] {
  return [
    `letter    ${nameOf(letter)}, ${letter.state}`,
    `reason    ${plain(letter.code)}: ${plain(letter.message, 400)}`,
    `source    ${plain(letter.source)} by ${delivery.transport}${delivery.contentType === null ? '' : `, ${plain(delivery.contentType)}`}`,
    `received  ${utc(letter.at)} UTC, record ${letter.index + 1} of delivery ${letter.seq}`,
    `requeue   reads ${unit === 'record' ? 'this record' : 'its whole delivery'} again, ${raw.length} bytes`,
    '',
    plain(letter.excerpt, 1000),
  ]
}

async function requeue(letters: readonly LetterId[] | undefined, options: Chosen): Promise<void> {
  const filter = chosen(letters, options)
  const done = await withStore(options, async (store) => {
    for (const id of letters ?? []) {
      const opened = await store.snapshot((tx) => readDeadLetter(tx, id))
      if (opened === null) throw missing(id)
      if (opened.letter.state !== 'open') throw new Failure(`letter ${nameOf(id)} is ${opened.letter.state} already`)
    }
    return requeueDeadLetters(store, filter, { actor: actorOf(options), at: Date.now() })
  })
  if (options.json) return print(done)
  write([
    `requeued: ${done.letters}, as new deliveries: ${done.deliveries}; the server reads them next, or the next run on this store`,
  ])
}

async function dismiss(
  letters: readonly LetterId[] | undefined,
  options: Chosen & { readonly reason: string },
): Promise<void> {
  const filter = chosen(letters, options)
  const count = await withStore(options, (store) =>
    dismissDeadLetters(store, filter, { actor: actorOf(options), at: Date.now(), reason: options.reason }),
  )
  if (options.json) return print({ letters: count })
  write([`dismissed: ${count}`])
}

function chosen(letters: readonly LetterId[] | undefined, options: Chosen): LetterFilter {
  const some = letters ?? []
  if (some.length > 0 === (options.all === true))
    throw new Failure('name letters, or say --all', { hint: 'gitsoc dead-letters list names them', exitCode: 2 })
  return { ...(some.length > 0 ? { letters: some } : {}), ...filterOf(options) }
}

const filterOf = (options: { readonly source?: string; readonly code?: string }): LetterFilter => ({
  ...(options.source === undefined ? {} : { source: options.source }),
  ...(options.code === undefined ? {} : { code: options.code }),
})

const actorOf = (options: Chosen) => options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
const missing = (id: LetterId) =>
  new Failure(`there is no dead letter ${nameOf(id)}`, { hint: 'gitsoc dead-letters list --state all names them' })
const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)
const write = (lines: readonly string[]) => void process.stdout.write(`${lines.join('\n')}\n`)

function letterId(given: string): LetterId {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(given)
  if (match === null) throw new InvalidArgumentError('a letter is named like 17.3.')
  return { seq: Number(match[1]), index: Number(match[2]) }
}

function letterIds(given: string, before: readonly LetterId[] | undefined): readonly LetterId[] {
  return [...(before ?? []), letterId(given)]
}

function letterState(given: string): LetterState | 'all' {
  const known = [...letterStates, 'all' as const].find((one) => one === given)
  if (known === undefined) throw new InvalidArgumentError(`it is one of ${letterStates.join(', ')}, all.`)
  return known
}

function positive(given: string): number {
  const number = /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (number === 0) throw new InvalidArgumentError('it is a whole number from 1.')
  return number
}
