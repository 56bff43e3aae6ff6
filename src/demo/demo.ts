import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  changeIncidentIn,
  duration,
  listIncidents,
  metrics,
  readCase,
  readEvidence,
  renderIncidentText,
  reportOf,
  writeReport,
} from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type Incident, oneLine, outcomes, tenantId } from '../core/model/index.ts'
import { type Ledger, readLedger, readRecording } from '../ingest/index.ts'
import { type Approval, answerApproval, listApprovals } from '../respond/index.ts'
import { createRuntime, type Runtime } from '../server/index.ts'
import { openStore } from '../store/index.ts'
import type { Narrator } from './narrator.ts'

export interface DemoParts {
  readonly bundle: Bundle
  /** Directory that the demo owns: emptied at the start. */
  readonly dir: string
  readonly recording: string
  readonly enrichDir: string
  readonly narrator: Narrator
  readonly progress: (done: number, total: number) => void
  /** A person's answer to an approval, with the name to record. */
  readonly decide: (
    approval: Approval,
  ) => Promise<{ readonly answer: 'approve' | 'deny'; readonly actor: string; readonly reason: string }>
}

/** What the demo came to, for a script. */
export interface Played {
  /** Where every event ended. */
  readonly events: Ledger['total']
  readonly incidents: readonly {
    readonly number: number
    readonly title: string
    readonly severity: string
    readonly score: number
  }[]
  /** Of the incident that was worked on. */
  readonly runs: readonly { readonly playbook: string; readonly status: string }[]
  /** Path of its report. */
  readonly report: string
}

const chunk = 200
const tickMs = 5000
const tenant = tenantId('demo')

/** Plays the recorded attack through the whole product and tells it. */
export async function playDemo(parts: DemoParts): Promise<Played> {
  const { narrator, bundle, dir } = parts
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  narrator.heading('1. Start')
  const startedAt = performance.now()
  const store = await openStore({ dir: join(dir, 'store') }, tenant)
  try {
    narrator.fact(
      'store',
      `embedded PostgreSQL in ${join(dir, 'store')}, ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
    )
    narrator.fact(
      'content',
      `${bundle.detection.length + bundle.sequences.length} detection rules, ${bundle.integrations.length} integrations, ${bundle.playbooks.size} playbooks`,
    )
    narrator.fact('bundle', `${bundle.digest.slice(0, 16)} of ${bundle.commit}`)
    const deliveries = await readRecording(parts.recording)
    // The story's clock: people and playbooks act a few seconds of story time apart, from a minute after the attack's last alert.
    let now = deliveries.at(-1)?.receivedAt ?? 0
    const clock = () => {
      now += tickMs
      return now
    }
    const runtime = await createRuntime({ store, bundle, clock, workDir: dir, enrichDir: parts.enrichDir })
    await ingest(runtime, parts, deliveries)
    const incident = await tellIncidents(runtime, parts)
    if (incident === null) throw new Error('the recording opened no incident')
    now = incident.lastAt + 60_000
    await respond(runtime, parts, incident, clock)
    return await close(runtime, parts, incident, clock)
  } finally {
    await store.close()
  }
}

async function ingest(
  runtime: Runtime,
  parts: DemoParts,
  deliveries: Awaited<ReturnType<typeof readRecording>>,
): Promise<void> {
  const { narrator } = parts
  const day = new Date(deliveries[0]?.receivedAt ?? 0).toISOString().slice(0, 10)
  narrator.heading(`2. A day of events: ${day}, ${deliveries.length} deliveries from five sources`)
  const told = new Set<string>()
  for (let at = 0; at < deliveries.length; at += chunk) {
    await runtime.inbox.accept(deliveries.slice(at, at + chunk))
    await runtime.pipeline.drain()
    await tellNews(runtime, parts, told, at + chunk, deliveries.length)
  }
  parts.progress(0, 0)
  const { total, balanced } = await readLedger(runtime.store)
  narrator.heading('3. Where every event ended')
  narrator.fact('received', String(total.received))
  for (const outcome of outcomes) narrator.fact(outcome, String(total[outcome]))
  narrator.say(
    balanced ? '  The ledger closes: nothing was lost, nothing was counted twice.' : '  THE LEDGER DOES NOT CLOSE.',
  )
}

/** Tells the alerts and runs that are new since the last chunk, in the order of their event times. */
async function tellNews(
  runtime: Runtime,
  parts: DemoParts,
  told: Set<string>,
  done: number,
  total: number,
): Promise<void> {
  const news = await runtime.store.transaction((tx) =>
    tx.query<{ at: number; kind: string; incident: number; n: number; actor: string; sentence: string }>(
      `select at, kind, incident, n, actor, sentence from timeline where tenant = $1 and kind in ('alert', 'run') order by at, incident, n`,
      [tx.tenant],
    ),
  )
  parts.progress(0, 0)
  for (const one of news.rows) {
    const key = `${one.incident}/${one.n}`
    if (told.has(key)) continue
    told.add(key)
    const who = one.kind === 'alert' ? `${one.actor}: ` : ''
    parts.narrator.at(one.at, one.kind, `incident ${one.incident}  ${who}${one.sentence}`)
  }
  parts.progress(Math.min(done, total), total)
}

async function tellIncidents(runtime: Runtime, parts: DemoParts): Promise<Incident | null> {
  const { narrator } = parts
  const incidents = await runtime.store.transaction((tx) => listIncidents(tx))
  narrator.heading(`4. ${incidents.length} incidents`)
  for (const one of incidents) {
    narrator.say(
      `  #${one.number}  ${one.assessment?.severity} ${one.assessment?.score}  ${oneLine(one.title, 120)}`,
      4,
    )
    for (const part of one.assessment?.contributions ?? [])
      narrator.say(
        `        ${`${part.points > 0 ? '+' : ''}${part.points}`.padEnd(5)} ${part.name}: ${oneLine(part.decision.sentence, 160)}`,
        6,
      )
    narrator.say(`        ${one.assessment?.recommendation ?? ''}`)
  }
  return incidents.toSorted((a, b) => (b.assessment?.score ?? 0) - (a.assessment?.score ?? 0))[0] ?? null
}

async function respond(runtime: Runtime, parts: DemoParts, incident: Incident, clock: () => number): Promise<void> {
  const { narrator } = parts
  narrator.heading('5. Response: playbooks run, a person decides, actions are simulated')
  const change = await runtime.store.transaction((tx) =>
    changeIncidentIn(tx, {
      number: incident.number,
      actor: 'demo',
      at: clock(),
      change: { kind: 'status', status: 'acknowledged' },
    }),
  )
  if (!change.ok) throw new Error(change.problems[0]?.message ?? 'cannot acknowledge')
  await runtime.responder.drain()
  for (;;) {
    const [approval] = await runtime.store.transaction((tx) => listApprovals(tx, { pendingOnly: true }))
    if (approval === undefined) break
    narrator.say(`  The machine stops here. ${oneLine(approval.why, 400)}`, 2)
    const decided = await parts.decide(approval)
    const answered = await answerApproval(runtime.store, {
      id: approval.id,
      digest: approval.digest,
      answer: decided.answer,
      actor: decided.actor,
      roles: ['responder'],
      channel: 'demo',
      reason: decided.reason,
      at: clock(),
    })
    if (!answered.ok) throw new Error(answered.why)
    narrator.say(
      `    ${decided.actor} says ${decided.answer}: ${approval.action} on ${oneLine(approval.target, 80)}`,
      2,
    )
    await runtime.responder.drain()
  }
  const file = await runtime.store.transaction((tx) => readCase(tx, incident.number))
  for (const run of file?.runs ?? []) {
    narrator.say(`  ${run.playbook}: ${run.status}`)
    for (const step of run.steps) narrator.say(`    ${step.status.padEnd(8)} ${oneLine(step.sentence, 300)}`, 9)
  }
}

async function close(runtime: Runtime, parts: DemoParts, incident: Incident, clock: () => number): Promise<Played> {
  const { narrator, dir } = parts
  for (const change of [
    { kind: 'status', status: 'contained' },
    { kind: 'status', status: 'resolved' },
    { kind: 'status', status: 'closed', verdict: 'true-positive', reason: 'played by the demo' },
  ] as const) {
    const changed = await runtime.store.transaction((tx) =>
      changeIncidentIn(tx, { number: incident.number, actor: 'demo', at: clock(), change }),
    )
    if (!changed.ok) throw new Error(changed.problems[0]?.message ?? `cannot set ${change.status}`)
  }
  const { file, evidence, measured } = await runtime.store.transaction(async (tx) => ({
    file: await readCase(tx, incident.number),
    evidence: await readEvidence(tx, incident.number),
    measured: await metrics(tx),
  }))
  if (file === null) throw new Error(`incident ${incident.number} is gone`)
  narrator.heading(`6. Incident ${incident.number}, as an analyst sees it`)
  narrator.block(
    renderIncidentText(file, {
      columns: Math.min(process.stdout.columns ?? 100, 120),
      colour: process.stdout.isTTY === true,
      rows: 14,
    }),
  )
  narrator.heading('7. Metrics (story time)')
  const mean = (spread: { readonly mean: number } | null) => (spread === null ? '-' : duration(spread.mean))
  narrator.fact('MTTD', mean(measured.all.detect))
  narrator.fact('MTTA', mean(measured.all.acknowledge))
  narrator.fact('MTTC', mean(measured.all.contain))
  narrator.fact('MTTR', mean(measured.all.resolve))
  const { reduction } = measured
  narrator.fact(
    'reduction',
    `${reduction.events} events -> ${reduction.signals} signals -> ${reduction.alerts} alerts -> ${reduction.incidents} incidents`,
  )
  const place = await writeReport(join(dir, 'incidents'), incident.number, reportOf(file, evidence))
  narrator.heading('8. What is left behind')
  narrator.fact('report', join(place, 'report.md'))
  narrator.fact('artifacts', join(dir, 'artifacts', `incident-${incident.number}`))
  narrator.fact('outbox', join(dir, 'outbox'))
  const there = `--store ${join(dir, 'store')} --tenant ${tenant}`
  narrator.say('')
  narrator.say('  The store stays until the next demo. To look around:')
  for (const command of ['incidents list --all', `explain incident ${incident.number}`, 'runs list', 'ledger --check'])
    narrator.block(`    npx gitsoc ${command} ${there}`)
  const incidents = await runtime.store.transaction((tx) => listIncidents(tx))
  return {
    events: (await readLedger(runtime.store)).total,
    incidents: incidents.map(({ number, title, assessment }) => ({
      number,
      title,
      severity: assessment?.severity ?? 'LOW',
      score: assessment?.score ?? 0,
    })),
    runs: file.runs.map(({ playbook, status }) => ({ playbook, status })),
    report: join(place, 'report.md'),
  }
}
