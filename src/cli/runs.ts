import { type Command, InvalidArgumentError } from 'commander'
import { cell, plain, utc } from '../cases/index.ts'
import { isObject, type Json } from '../core/model/index.ts'
import { listRuns, type RunDetails, type RunEffect, type RunSummary, readRun } from '../respond/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { runsGroup } from './runs-group.ts'
import { withStore } from './with-store.ts'

/** `gitsoc runs`: what playbooks have done and what they wait for. */
export function register(program: Command): void {
  const runs = runsGroup(program)
  withStoreOptions(runs.command('list').description('runs of playbooks, the newest first'))
    .option('--incident <number>', 'of this incident only', positive)
    .option('--limit <n>', 'at most so many', positive, 50)
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { incident?: number; limit: number; json?: boolean }) => {
      const { limit, incident } = options
      const found = await withStore(options, (store) =>
        store.transaction((tx) => listRuns(tx, { limit, ...(incident === undefined ? {} : { incident }) })),
      )
      if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`)
      else process.stdout.write(found.length === 0 ? 'no playbook has run\n' : `${found.map(row).join('\n')}\n`)
    })
  withStoreOptions(
    runs
      .command('show')
      .argument('<id>', 'the run, as "gitsoc runs list" shows it')
      .description('every step of a run, what it sent or would send, and how that is undone'),
  )
    .option('--json', 'one JSON document')
    .action(async (id: string, options: StoreOptions & { json?: boolean }) => {
      const run = await withStore(options, (store) => store.transaction((tx) => readRun(tx, id)))
      if (run === null)
        throw new Failure(`there is no run ${plain(id, 60)}`, { hint: 'gitsoc runs list shows what there is' })
      process.stdout.write(options.json ? `${JSON.stringify(run)}\n` : details(run))
    })
}

const row = (one: RunSummary) =>
  `${one.id}  ${cell(one.status, 9)}  incident ${String(one.incident).padEnd(4)}  ${utc(one.startedAt)}  ${plain(one.playbook, 60)}`

function details(run: RunDetails): string {
  const head: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['playbook', `${plain(run.playbook, 60)} of ${run.commit} (bundle ${run.bundle.slice(0, 16)})`],
    ['incident', String(run.incident)],
    ['status', run.sentence === null ? run.status : `${run.status}: ${plain(run.sentence)}`],
    ['why', plain(run.why)],
    ['started', utc(run.startedAt)],
    run.endedAt === null ? ['deadline', utc(run.deadlineAt)] : ['ended', utc(run.endedAt)],
  ]
  return [
    ...head.map(([name, value]) => `${name.padEnd(10)}${value}`),
    '',
    'Steps',
    ...(run.steps.length === 0 ? ['  none yet'] : []),
    ...run.steps.map((step) => `  ${utc(step.at)}  ${cell(step.status, 8)}  ${plain(step.sentence)}`),
    ...(run.effects.length === 0 ? [] : ['', 'Effects', ...run.effects.flatMap(effect)]),
    ...(run.waitsFor.length + run.waits.length === 0 ? [] : ['', 'Waits for']),
    ...run.waitsFor.map((one) => `  ${one.id}  ${questionText(one)}`),
    ...run.waits.map(
      ({ path, signal, until }) =>
        `  ${plain(path, 60)}: ${signal === null ? 'the time' : `the signal ${plain(signal, 60)}, at most until`} ${utc(until)}`,
    ),
    '',
  ].join('\n')
}

const questionText = ({ action, target, options }: RunDetails['waitsFor'][number]) =>
  options.length === 0
    ? `${action} on ${plain(target, 80)}`
    : `${action === 'answer' ? plain(target, 120) : `was ${action} on ${plain(target, 80)} done?`} (${plain(options.join(', '), 120)})`

function effect(one: RunEffect): string[] {
  const request = isObject(one.result) ? one.result.request : undefined
  const until = one.expiresAt === null ? '' : `, until ${utc(one.expiresAt)}`
  const undo = one.irreversible === null ? 'nothing to undo' : `cannot be undone: ${plain(one.irreversible)}`
  return [
    `  ${one.action} on ${plain(one.target, 80)}: ${one.outcome ?? 'intended'} (${one.mode})${until}`,
    ...(request === undefined ? [] : [`    request  ${requestText(request)}`]),
    `    undo     ${one.rollback === null ? undo : requestText(one.rollback)}`,
    `    allowed  ${allowedBy(one)}`,
    ...(one.mode === 'live' || one.attempts.length > 1 ? one.attempts.map(attempt) : []),
  ]
}

const allowedBy = (one: RunEffect) =>
  one.overruled !== null
    ? `AGAINST POLICY by broken glass ${one.overruled}`
    : one.approval === null
      ? 'by policy'
      : `by approval ${one.approval}`

const attempt = (one: RunEffect['attempts'][number]) =>
  `    ${one.kind.padEnd(8)} ${utc(one.at)}  ${one.verdict ?? 'under way'}${one.sentence === null ? '' : `: ${plain(one.sentence, 200)}`}`

function requestText(request: Json): string {
  if (!isObject(request)) return '-'
  const body = request.body === null || request.body === undefined ? '' : ` ${JSON.stringify(request.body)}`
  return plain(`${String(request.method)} ${String(request.url)}${body}`, 400)
}

function positive(text: string): number {
  const number = /^#?\d{1,9}$/.test(text) ? Number(text.replace('#', '')) : 0
  if (number === 0) throw new InvalidArgumentError('it is a whole number from 1.')
  return number
}
