import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { listIncidents } from '../cases/index.ts'
import { type Incident, oneLine, tenantId } from '../core/model/index.ts'
import { createNormalizer } from '../core/normalize/index.ts'
import { fileProblemText } from '../enrich/index.ts'
import {
  createProbe,
  type NewDelivery,
  readByAge,
  readChunks,
  readLedger,
  type Survey,
  surveyFiles,
} from '../ingest/index.ts'
import { type Late, readLate } from '../pipeline/index.ts'
import { createRuntime } from '../server/index.ts'
import { openStore } from '../store/index.ts'
import { enrichFolder } from './enrich-folder.ts'
import { checkSource } from './events-of-files.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { openStoreFor } from './open-store.ts'
import { createProgress } from './progress.ts'

interface Options {
  readonly source?: string
  readonly store?: string
  readonly tenant?: string
  readonly json?: boolean
  readonly commit?: string
  readonly enrich?: string
}

const aheadDeliveries = 400

/** `gitsoc run`: files or standard input through the whole path. */
export function register(program: Command): void {
  program
    .command('run')
    .argument(
      '[files...]',
      'NDJSON, JSON, gzip, zip, CEF, syslog, Zeek, Windows XML or EVTX files, recordings, or directories; none or - reads standard input',
    )
    .description('take files through the whole path: normalise, detect, correlate, assess, respond in simulate mode')
    .option('--source <integration>', 'the integration the records come from (default: recognised by the manifests)')
    .option('--store <dir>', 'keep the result in this store instead of a throw-away one')
    .option('--tenant <name>', 'tenant in that store')
    .option('--commit <revision>', 'use the content of a commit')
    .option('--enrich <dir>', 'directory with indicators/, warninglists/ and inventory.yaml')
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      '\nFiles are read in the order of the times in them. A file that begins with a line { at, source, body } is a recording: each such line is a' +
        '\ndelivery of that integration, received at that time, unless --source is given. In folders, files in which nothing is known as events are left alone.\n\nExamples:\n  gitsoc run alerts.ndjson --source wazuh\n  zcat trail.json.gz | gitsoc run --json\n  gitsoc run logs/ --store var/case-17',
    )
    .action(run)
}

async function run(files: readonly string[], options: Options): Promise<void> {
  const bundle = await loadBundle(options.commit === undefined ? {} : { commit: options.commit })
  if (options.source !== undefined) checkSource(options.source, bundle.integrations)
  await enrichFolder(options.enrich)
  const fromStdin = files.length === 0 || (files.length === 1 && files[0] === '-')
  const reading = {
    ...(options.source === undefined ? {} : { source: options.source }),
    clock: Date.now,
    probe: createProbe(createNormalizer(bundle.integrations, tenantId('main'))),
  }
  const survey: Survey = fromStdin
    ? { files: [], leftAlone: [] }
    : await surveyFiles(files, reading).catch((error: Error) => {
        throw new Failure(`a file cannot be read: ${error.message}`, {
          hint: 'name whole files or directories that are there, or - for standard input',
          exitCode: 2,
        })
      })
  if (survey.leftAlone.length > 0) process.stderr.write(`${leftAloneText(survey.leftAlone)}\n`)
  const dir = options.store === undefined ? await mkdtemp(join(tmpdir(), 'gitsoc-run-')) : null
  const store = dir === null ? await openStoreFor(options) : await openStore({ dir }, tenantId('main'))
  const progress = createProgress(fromStdin ? 'standard input' : 'reading')
  try {
    const clock = Date.now
    const runtime = await createRuntime({
      store,
      bundle,
      clock,
      workDir: dir ?? join(options.store ?? '', 'work'),
      ...(options.enrich === undefined ? {} : { enrichDir: options.enrich }),
    })
    for (const problem of runtime.enricher.problems) process.stderr.write(`${fileProblemText(problem)}\n`)
    let waiting = 0
    let total = 0
    let note = ''
    const lateBefore = await readLate(store)
    const chunks: AsyncIterable<readonly NewDelivery[]> = fromStdin
      ? readChunks(process.stdin, clock, options.source ?? null)
      : readByAge(survey.files, {
          ...reading,
          progress: (at) => progress.update(at.bytesRead, at.bytesTotal, note),
        })
    for await (const chunk of chunks) {
      await runtime.inbox.accept(chunk)
      total += chunk.length
      waiting += chunk.length
      if (waiting >= aheadDeliveries) {
        await runtime.pipeline.drain()
        waiting = 0
      }
      note = `${total} deliveries`
      if (fromStdin) progress.update(0, 0, note)
    }
    await runtime.pipeline.drain()
    await runtime.responder.drain()
    progress.end()
    if (total === 0) process.stderr.write('nothing was read: there is no event in what was given\n')
    const ledger = await readLedger(store)
    const incidents = await store.transaction((tx) => listIncidents(tx, { limit: 10_000 }))
    const alerts = await store.transaction((tx) =>
      tx.query<{ n: number }>('select count(*)::int as n from alert where tenant = $1', [tx.tenant]),
    )
    const alertCount = alerts.rows[0]?.n ?? 0
    const lateNow = await readLate(store)
    const late = {
      correlation: lateNow.correlation - lateBefore.correlation,
      learning: lateNow.learning - lateBefore.learning,
    }
    const summary = {
      ...ledger.total,
      alerts: alertCount,
      incidents: incidents.toReversed().map(summarise),
    }
    if (options.json) {
      process.stderr.write(
        lateText(late)
          .map((line) => `${line}\n`)
          .join(''),
      )
      process.stdout.write(`${JSON.stringify(summary)}\n`)
    } else {
      const dead = await store.transaction((tx) =>
        tx.query<{ source: string; code: string; message: string; n: number }>(
          'select source, code, min(message) as message, sum(records)::int as n from dead_letter where tenant = $1 group by source, code order by n desc',
          [tx.tenant],
        ),
      )
      process.stdout.write(report(summary, incidents, dead.rows, late))
    }
    if (!ledger.balanced) throw new Failure(`the ledger does not close: ${ledger.faults.join('; ')}`)
  } finally {
    progress.end()
    await store.close()
    if (dir !== null) await rm(dir, { recursive: true, force: true })
  }
}

function summarise(incident: Incident) {
  return {
    number: incident.number,
    title: incident.title,
    severity: incident.assessment?.severity ?? 'LOW',
    score: incident.assessment?.score ?? 0,
    techniques: incident.techniques,
    observables: incident.observables.map((one) => `${one.type}:${one.value}`),
    alerts: incident.alertCount,
  }
}

type Summary = { readonly [outcome: string]: unknown; readonly alerts: number }

function leftAloneText(paths: readonly string[]): string {
  const some = paths.slice(0, 3).map((one) => oneLine(one, 120))
  const more = paths.length > some.length ? ` and ${paths.length - some.length} more` : ''
  return `left alone, for nothing in them is known as events: ${some.join(', ')}${more}; name a file itself to take its lines as text`
}

function lateText({ correlation, learning }: Late): readonly string[] {
  const parts = [
    ...(correlation > 0 ? [`${correlation} match${correlation === 1 ? '' : 'es'} of rules over several events`] : []),
    ...(learning > 0 ? [`${learning} event${learning === 1 ? '' : 's'} for rules that learn`] : []),
  ]
  if (parts.length === 0) return []
  return [
    `${parts.join(', ')} came so long after newer ones that they were not counted.`,
    'Sort the records in the files by time, and take what is older into a store that has seen nothing newer.',
  ]
}

function lateSection(late: Late): readonly string[] {
  const lines = lateText(late)
  return lines.length === 0 ? [] : ['', 'Came too late', ...lines.map((line) => `  ${line}`)]
}

function report(
  summary: Summary,
  incidents: readonly Incident[],
  dead: readonly { source: string; code: string; message: string; n: number }[],
  late: Late,
): string {
  const counts = ['received', 'alerted', 'noMatch', 'duplicate', 'suppressed', 'dropped', 'deadLettered'].map(
    (name) => `  ${name.padEnd(13)}${String(summary[name]).padStart(9)}`,
  )
  const lines = incidents.map(
    (one) =>
      `  #${String(one.number).padEnd(4)} ${(one.assessment?.severity ?? 'LOW').padEnd(8)} ${String(one.assessment?.score ?? 0).padStart(3)}  ${oneLine(one.title, 110)}${one.techniques.length > 0 ? `\n${' '.repeat(21)}${one.techniques.slice(0, 8).join(' ')}` : ''}`,
  )
  const letters = dead.map(
    (one) => `  ${String(one.n).padStart(6)} ${one.source}: ${one.code} (${oneLine(one.message, 90)})`,
  )
  return [
    `Events`,
    ...counts,
    '',
    `${summary.alerts} alert${summary.alerts === 1 ? '' : 's'}, ${incidents.length} incident${incidents.length === 1 ? '' : 's'}`,
    ...lines,
    ...(letters.length > 0 ? ['', 'Dead letters', ...letters] : []),
    ...lateSection(late),
    '',
  ].join('\n')
}
