import { setTimeout as wait } from 'node:timers/promises'
import { addTask, appendTimeline, readIncident, storableJson, storableText } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { approvalId, hashId, type Incident, type Json, type JsonObject, own } from '../core/model/index.ts'
import { advance, type NextStep, type StepResult } from '../core/playbook/index.ts'
import { approvalDigest, type GateDecision, gate } from '../core/policy/index.ts'
import { appendAudit, isRetried, type Store, type Tx } from '../store/index.ts'
import { type Approval, ask, expireApprovals, readApproval } from './approvals.ts'
import { checkInputs } from './check-inputs.ts'
import { criticalityOf, recentEffects } from './gate-facts.ts'
import { type LockedRun, lockRun } from './lock-run.ts'
import { lockStory } from './lock-story.ts'
import { type PerformPlaces, perform } from './perform.ts'
import { findAction } from './render-request.ts'

export interface ResponderParts {
  readonly store: Store
  /** The bundle of a digest, as long as it is known here; a run keeps the one it started with. See `storedBundles`. */
  readonly bundleOf: (digest: string) => Bundle | undefined | Promise<Bundle | undefined>
  readonly clock: () => number
  readonly places: PerformPlaces
  /** Resolves when nothing is under way that must not wait for a step; each step of `start` waits for it. */
  readonly quiet?: () => Promise<void>
  readonly onStep?: (incident: number, result: StepResult) => void
  readonly onError?: (error: unknown) => void
}

export interface Responder {
  /** Does everything that can go on now; what waits for people stays. A run that cannot go on rejects, after the others went on. */
  drain(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

interface Run {
  readonly id: string
  readonly playbook: string
  readonly bundle: string
  readonly commit: string
  readonly deadlineAt: number
}

/** Two, so that one goes on while the other waits for the disk; more would only take turns at the audit chain. */
const workersAtOnce = 2

/**
 * Works off playbook runs. Each step is decided by the pure interpreter from what is recorded, gated, and recorded
 * before the next; one worker at a time has a run.
 */
export function createResponder(parts: ResponderParts): Responder {
  const { store } = parts
  let stopping = false
  let loop: Promise<void> | null = null
  let unlisten: (() => Promise<void>) | null = null
  let wake: () => void = () => {}

  const work = async (workers: number, quiet: () => Promise<void>) => {
    await store.transaction((tx) => expireApprovals(tx, parts.clock()))
    const runs = await store.transaction((tx) =>
      tx.query<Run>(
        `select id, playbook, bundle, commit, deadline_at as "deadlineAt" from run where tenant = $1 and (status = 'running' or (status = 'waiting' and deadline_at <= $2)) order by started_at, id`,
        [tx.tenant, parts.clock()],
      ),
    )
    const errors: unknown[] = []
    const queue = runs.rows.values()
    const worker = async () => {
      for (const run of queue) {
        try {
          do await quiet()
          while (!stopping && (await advanceRun(parts, run).catch(again)))
        } catch (error) {
          errors.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: workers }, worker))
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} runs could not go on`)
    if (errors.length === 1) throw errors[0]
  }
  // A step that the database gave up so that another transaction could go on has left nothing behind.
  const again = (error: unknown): true => {
    if (!isRetried(error)) throw error
    parts.onError?.(error)
    return true
  }
  const drain = () => work(1, async () => {})

  return {
    drain,
    async start() {
      unlisten = await store.listen('gitsoc_runs', () => wake())
      loop = (async () => {
        while (!stopping) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          await work(workersAtOnce, parts.quiet ?? (async () => {})).catch((error: unknown) => parts.onError?.(error))
          if (!stopping) await Promise.race([woken, wait(5000, undefined, { ref: false })])
        }
      })()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      await unlisten?.()
    },
  }
}

/** One step of a run; true when there may be more to do at once. */
async function advanceRun(parts: ResponderParts, run: Run): Promise<boolean> {
  const bundle = await parts.bundleOf(run.bundle)
  const prepared = await parts.store.transaction(async (tx) => {
    const found = await lockRun(tx, run.id)
    if (found === null || found === 'again') return found
    const isOver = found.status === 'waiting' && parts.clock() >= run.deadlineAt
    if (found.status !== 'running' && !isOver) return null
    return decideStep(tx, parts, run, bundle, found)
  })
  if (prepared === null) return false
  if (prepared === 'again') return true
  if (prepared === 'ended' || prepared === 'waiting') return false
  return settle(parts, run, bundle, prepared)
}

interface Ready {
  readonly next: Extract<NextStep, { kind: 'action' }>
  readonly incident: number
  readonly effectId: string
  readonly inputs: JsonObject
  readonly target: string
  readonly decision: GateDecision
  readonly approval: Approval | null
  readonly at: number
}

/** Decides the next step in one transaction; an effect leaves it with its intent on record. */
async function decideStep(
  tx: Tx,
  parts: ResponderParts,
  run: Run,
  bundle: Bundle | undefined,
  found: LockedRun,
): Promise<Ready | 'again' | 'waiting' | 'ended'> {
  const at = parts.clock()
  const playbook = bundle?.playbooks.get(run.playbook)
  const incident = await readIncident(tx, found.incident)
  if (incident === null) return 'waiting'
  if (found.supersededBy !== null)
    return endRun(
      tx,
      run,
      incident,
      'cancelled',
      `${found.supersededBy} of the same playbook started earlier and goes on: their incidents turned out to be one`,
      at,
    )
  if (at >= run.deadlineAt) return endRun(tx, run, incident, 'expired', 'the deadline of the playbook has passed', at)
  if (bundle === undefined || playbook === undefined) return 'waiting'
  const results = await tx.query<StepResult>(
    'select path, status, output, sentence from run_step where tenant = $1 and run = $2 order by n',
    [tx.tenant, run.id],
  )
  const facts = incidentFacts(incident)
  const record = { results: results.rows, facts, inputs: {}, started: new Set<string>(), cancelled: null }
  const advanced = await advance(playbook, record, bundle.playbooks)
  for (const result of advanced.results) await recordStep(tx, parts, run, incident, result, at)
  if (advanced.end !== null) return endRun(tx, run, incident, advanced.end.status, advanced.end.sentence, at)
  const [next] = advanced.next
  if (next === undefined) return 'waiting'
  switch (next.kind) {
    case 'task':
      await addTask(tx, incident.number, next.title, `${run.playbook}/${next.step.id}`)
      await recordStep(
        tx,
        parts,
        run,
        incident,
        { path: next.path, status: 'done', output: next.title, sentence: `left a task: ${next.title}` },
        at,
      )
      return 'again'
    case 'ask':
    case 'wait': {
      const sentence = `"${next.step.title}" cannot be done here yet`
      await recordStep(tx, parts, run, incident, { path: next.path, status: 'failed', output: null, sentence }, at)
      return 'again'
    }
    case 'action':
      return gateStep(tx, parts, run, bundle, incident, facts, next, playbook.owner, at)
  }
}

async function gateStep(
  tx: Tx,
  parts: ResponderParts,
  run: Run,
  bundle: Bundle,
  incident: Incident,
  facts: JsonObject,
  next: Extract<NextStep, { kind: 'action' }>,
  author: string,
  at: number,
): Promise<Ready | 'again' | 'waiting'> {
  const name = `${next.step.integration}.${next.step.action}`
  const refuse = async (status: 'denied' | 'failed', sentence: string, output: Json = null) => {
    await recordStep(tx, parts, run, incident, { path: next.path, status, output, sentence }, at)
    return 'again' as const
  }
  const found = findAction(bundle.integrations, next.step.integration, next.step.action)
  if (found === undefined) return refuse('failed', `there is no action ${name}`)
  const effectId = `ef-${hashId(tx.tenant, run.id, next.path)}`
  // An effect that was intended before a crash is settled as it was intended, whatever the incident has become since.
  const intended = await tx.query<{ inputs: JsonObject }>(
    'select inputs from effect where tenant = $1 and id = $2 and outcome is null',
    [tx.tenant, effectId],
  )
  const inputs = intended.rows[0]?.inputs ?? (JSON.parse(storableJson(next.inputs)) as JsonObject)
  const fault = checkInputs(found.spec, inputs)
  if (fault !== null) return refuse('failed', `${name} is not called: ${fault}`)
  const target = String(own(inputs, String(found.spec.target)) ?? '')
  const recent = await recentEffects(tx, effectId, incident.number, next.step.integration, at)
  const stop = await tx.query('select from stop_switch where tenant = $1', [tx.tenant])
  const decision = await gate(
    {
      effect: String(found.spec.effect),
      action: name,
      target,
      incident: facts,
      ...recent,
      targetCriticality: criticalityOf(incident, target),
      at,
      stopped: stop.rowCount > 0,
      approval: next.step.approval,
    },
    bundle.policies,
  )
  if (decision.answer === 'deny') return refuse('denied', decision.sentence)
  let approval: Approval | null = null
  if (decision.answer === 'ask') {
    const digest = approvalDigest({
      bundle: run.bundle,
      commit: run.commit,
      run: run.id,
      step: next.path,
      action: name,
      target,
      inputs,
    })
    approval = await readApproval(tx, approvalId(digest))
    if (approval === null || approval.status === 'pending') {
      if (approval === null && decision.terms !== null)
        await ask(
          tx,
          {
            run: run.id,
            incident: incident.number,
            path: next.path,
            digest,
            action: name,
            target,
            inputs,
            why: decision.sentence,
            author,
            askedAt: at,
          },
          decision.terms,
        )
      await tx.query(`update run set status = 'waiting' where tenant = $1 and id = $2`, [tx.tenant, run.id])
      return 'waiting'
    }
    if (approval.status !== 'approved')
      return refuse(
        'denied',
        `${name} on ${target} is not done: the approval was ${approval.status}${reasonOf(approval)}`,
      )
  }
  await tx.query(
    `insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, intended_at, irreversible, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'simulate', $12, $13, $14) on conflict do nothing`,
    [
      tx.tenant,
      effectId,
      run.id,
      incident.number,
      next.path,
      name,
      found.spec.effect,
      target,
      storableJson(inputs),
      storableJson({ answer: decision.answer, sentence: decision.sentence, facts: decision.facts }),
      approval?.id ?? null,
      at,
      found.spec.irreversible ?? null,
      next.step.expiresMs === null ? null : at + next.step.expiresMs,
    ],
  )
  return { next, incident: incident.number, effectId, inputs, target, decision, approval, at }
}

const reasonOf = (approval: Approval) => {
  const denial = approval.answers.find((one) => one.answer === 'deny')
  return denial === undefined ? '' : ` by ${denial.actor}${denial.reason === '' ? '' : ` (${denial.reason})`}`
}

/** Makes the effect that is on record and records its outcome. Simulated effects may be made again after a crash: they send nothing. */
async function settle(parts: ResponderParts, run: Run, bundle: Bundle | undefined, ready: Ready): Promise<boolean> {
  const found =
    bundle === undefined
      ? undefined
      : findAction(bundle.integrations, ready.next.step.integration, ready.next.step.action)
  if (found === undefined) return false
  const approvedBy = ready.approval?.answers.filter((one) => one.answer === 'approve').map((one) => one.actor) ?? []
  const action = `${ready.next.step.integration}.${ready.next.step.action}`
  const done = await perform(
    found.integration,
    found.spec,
    {
      id: ready.effectId,
      run: run.id,
      incident: ready.incident,
      path: ready.next.path,
      action,
      effect: String(found.spec.effect),
      target: ready.target,
      inputs: ready.inputs,
      why: ready.decision.sentence,
      approvedBy,
      at: ready.at,
    },
    parts.places,
  )
  await parts.store.transaction(async (tx) => {
    await lockStory(tx, [ready.incident])
    const incident = await readIncident(tx, ready.incident)
    if (incident === null) throw new Error(`incident ${ready.incident} is gone`)
    const settled = await tx.query(
      'update effect set outcome = $3, settled_at = $4, result = $5, rollback = $6 where tenant = $1 and id = $2 and outcome is null',
      [tx.tenant, ready.effectId, done.outcome, parts.clock(), storableJson(done.result), storableJson(done.rollback)],
    )
    if (settled.rowCount === 0) return
    await appendAudit(tx, {
      at: parts.clock(),
      actor: 'gitsoc',
      action: `effect.${done.outcome}`,
      subject: `effect/${ready.effectId}`,
      details: {
        incident: incident.number,
        action,
        target: ready.target,
        mode: 'simulate',
        approvedBy,
        gate: ready.decision.sentence,
      },
    })
    await recordStep(
      tx,
      parts,
      run,
      incident,
      { path: ready.next.path, status: done.outcome, output: done.result, sentence: done.sentence },
      parts.clock(),
    )
  })
  return true
}

async function recordStep(
  tx: Tx,
  parts: ResponderParts,
  run: Run,
  incident: Incident,
  result: StepResult,
  at: number,
): Promise<void> {
  const inserted = await tx.query(
    `insert into run_step (tenant, run, n, path, status, output, sentence, at)
      select $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5, $6, $7 from run_step where tenant = $1 and run = $2 on conflict do nothing`,
    [tx.tenant, run.id, result.path, result.status, storableJson(result.output), storableText(result.sentence), at],
  )
  if (inserted.rowCount === 0 || result.status === 'decided') return
  await appendTimeline(tx, [
    { incident: incident.number, at, kind: 'action', actor: run.playbook, sentence: result.sentence },
  ])
  parts.onStep?.(incident.number, result)
}

async function endRun(
  tx: Tx,
  run: Run,
  incident: Incident,
  status: string,
  sentence: string,
  at: number,
): Promise<'ended'> {
  await tx.query('update run set status = $3, ended_at = $4, sentence = $5 where tenant = $1 and id = $2', [
    tx.tenant,
    run.id,
    status,
    at,
    storableText(sentence),
  ])
  await tx.query(
    `update approval set status = 'void', settled_at = $3 where tenant = $1 and run = $2 and status = 'pending'`,
    [tx.tenant, run.id, at],
  )
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action: `run.${status}`,
    subject: `run/${run.id}`,
    details: { incident: incident.number, playbook: run.playbook, commit: run.commit, bundle: run.bundle },
  })
  await appendTimeline(tx, [
    {
      incident: incident.number,
      at,
      kind: 'run',
      actor: run.playbook,
      sentence: `the playbook is ${status}: ${sentence}`,
    },
  ])
  return 'ended'
}
