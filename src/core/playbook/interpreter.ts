import type { ConditionDecision } from '../condition/index.ts'
import { type Fact, isObject, type Json, type JsonObject } from '../model/index.ts'
import { branch, forEach, parallel, repeat } from './blocks.ts'
import { aside, type Frame, factsOf, type Run, rootFrame, scopeOf } from './frame.ts'
import type { CallStep, Playbook, Step } from './language.ts'
import type { Advance, NextStep, RunEnd, RunRecord } from './record.ts'
import { decide, done, end, type Standing, standingOf, told, underWay } from './standing.ts'

const maxCallDepth = 5

/**
 * What follows from what a run has recorded: a pure function, so that the same code runs live, in fixtures and in
 * replay, and a run can be told again from its record. `playbooks` are those that `call` finds.
 */
export async function advance(
  playbook: Playbook,
  record: RunRecord,
  playbooks: ReadonlyMap<string, Playbook> = new Map(),
): Promise<Advance> {
  const results = new Map(record.results.map((one) => [one.path, one] as const))
  const run: Run = { playbooks, record, results, fresh: [], walk: block }
  const frame = rootFrame(playbook, '', record.inputs, 0)
  const standing = await body(run, playbook, frame)
  if (standing.kind === 'open') return { results: run.fresh, next: standing.next, end: null }
  return { results: run.fresh, next: [], end: endOf(run, playbook, frame, standing) }
}

function endOf(run: Run, playbook: Playbook, frame: Frame, standing: Exclude<Standing, { kind: 'open' }>): RunEnd {
  if (run.record.cancelled !== null)
    return { status: 'cancelled', sentence: `cancelled: ${run.record.cancelled}`, outputs: {} }
  if (standing.kind === 'failed') return { status: 'failed', sentence: standing.sentence, outputs: {} }
  if (standing.kind === 'stopped') return { status: standing.status, sentence: standing.sentence, outputs: {} }
  const outputs = playbook.outputs.render(scopeOf(run, frame))
  if (!outputs.ok)
    return { status: 'failed', sentence: `the outputs: ${outputs.problems[0]?.message ?? 'no value'}`, outputs: {} }
  return {
    status: 'completed',
    sentence: `all ${playbook.steps.length} steps are done`,
    outputs: isObject(outputs.value) ? outputs.value : {},
  }
}

/** The steps of a playbook, then what it does on failure, then what it does in any case. */
async function body(run: Run, playbook: Playbook, frame: Frame): Promise<Standing> {
  const { cancelled } = run.record
  let standing = cancelled === null ? await block(run, playbook.steps, frame) : await leftOver(run, playbook, frame)
  if (standing.kind === 'open') return standing
  const failure = standing.kind === 'failed' ? standing : null
  if (cancelled === null && failure !== null) {
    const seen = { ...frame, locals: { ...frame.locals, failure: { step: failure.step, sentence: failure.sentence } } }
    if (failure.block !== null) {
      const compensated = await block(run, playbook.compensation.get(failure.block) ?? [], seen)
      if (compensated.kind === 'open') return compensated
      standing = { ...failure, sentence: `${failure.sentence}; ${compensatedBy(failure.block, compensated)}` }
    }
    const handled = await block(run, playbook.onFailure, seen)
    if (handled.kind === 'open') return handled
  }
  const last = await block(run, playbook.finally, frame)
  return last.kind === 'open' ? last : standing
}

const compensatedBy = (block: string, standing: Standing) =>
  standing.kind === 'failed' ? `the compensation "${block}" failed too: ${standing.sentence}` : `"${block}" was done`

/** What is left of a run that is not gone on with: only what is under way already. Nothing new is decided. */
async function leftOver(run: Run, playbook: Playbook, frame: Frame): Promise<Standing> {
  const standing = await block(aside(run), playbook.steps, frame)
  const next = standing.kind === 'open' ? underWay(run, standing.next) : []
  return next.length > 0 ? { kind: 'open', next } : done
}

async function block(run: Run, steps: readonly Step[], frame: Frame): Promise<Standing> {
  for (const step of steps) {
    const standing = await stand(run, step, frame)
    if (standing.kind !== 'done') return standing
  }
  return done
}

const pathOf = (step: Step, frame: Frame) => frame.fixedPath ?? `${frame.prefix}${step.id}`

async function stand(run: Run, step: Step, frame: Frame): Promise<Standing> {
  const path = pathOf(step, frame)
  const ended = run.results.get(path)
  if (ended !== undefined) return standingOf(step, ended)
  const seen = await guard(run, step, path, frame)
  if (!seen.matched)
    return end(run, step, path, 'skipped', null, ` is not needed: ${told(seen.facts) || 'its condition does not hold'}`)
  switch (step.kind) {
    case 'stop':
      return end(run, step, path, 'done', null, ' is reached')
    case 'action': {
      const inputs = step.inputs.render(scopeOf(run, frame))
      if (!inputs.ok) return end(run, step, path, 'failed', null, said(inputs.problems[0]?.message))
      return open({ kind: 'action', path, step, why: seen.facts, inputs: inputs.value as JsonObject })
    }
    case 'task': {
      const title = step.task.render(scopeOf(run, frame))
      if (!title.ok) return end(run, step, path, 'failed', null, said(title.problems[0]?.message))
      return open({ kind: 'task', path, step, why: seen.facts, title: String(title.value) })
    }
    case 'ask': {
      const question = step.question.render(scopeOf(run, frame))
      if (!question.ok) return end(run, step, path, 'failed', null, said(question.problems[0]?.message))
      return open({ kind: 'ask', path, step, why: seen.facts, question: String(question.value) })
    }
    case 'wait':
      return open({ kind: 'wait', path, step, why: seen.facts })
    case 'set': {
      const values = step.values.render(scopeOf(run, frame))
      if (!values.ok) return end(run, step, path, 'failed', null, said(values.problems[0]?.message))
      return end(run, step, path, 'done', values.value, `: set ${Object.keys(values.value as JsonObject).join(', ')}`)
    }
    case 'branch':
      return branch(run, step, path, frame)
    case 'parallel':
      return parallel(run, step, path, frame)
    case 'forEach':
      return forEach(run, step, path, frame)
    case 'while':
      return repeat(run, step, path, frame)
    case 'call':
      return call(run, step, path, frame)
  }
}

/** Whether a step is taken. Once it is, it stays taken: an incident that changes meanwhile cannot take a step back. */
async function guard(run: Run, step: Step, path: string, frame: Frame): Promise<ConditionDecision> {
  const entered = run.results.get(`${path}?`)?.output
  if (isObject(entered) && Array.isArray(entered.because))
    return { matched: true, facts: entered.because.flatMap(factOf) }
  if (step.when === null || entered !== undefined || run.results.has(`${path}#0?`)) return { matched: true, facts: [] }
  const seen = await step.when.decide(factsOf(run, frame))
  const isLeaf = ['action', 'task', 'ask', 'wait'].includes(step.kind)
  if (seen.matched && isLeaf)
    decide(
      run,
      path,
      { because: seen.facts.map(({ name, value }) => ({ name, value })) },
      `"${step.title}" is needed: ${told(seen.facts)}`,
    )
  return seen
}

/** What a decision on record was made from. */
const factOf = (raw: Json): readonly Fact[] =>
  isObject(raw) && typeof raw.name === 'string' && raw.value !== undefined ? [{ name: raw.name, value: raw.value }] : []

const said = (message: string | undefined) => `: ${message ?? 'it cannot be rendered'}`
const open = (next: NextStep): Standing => ({ kind: 'open', next: [next] })

async function call(run: Run, step: CallStep, path: string, frame: Frame): Promise<Standing> {
  const callee = run.playbooks.get(step.playbook)
  if (callee === undefined || frame.depth >= maxCallDepth)
    return end(run, step, path, 'failed', null, `: the playbook "${step.playbook}" cannot be called here`)
  if (!run.results.has(`${path}?`)) {
    const given = step.inputs.render(scopeOf(run, frame))
    if (!given.ok) return end(run, step, path, 'failed', null, said(given.problems[0]?.message))
    decide(run, path, given.value, `"${step.title}" runs the playbook ${step.playbook}`)
  }
  const given = run.results.get(`${path}?`)?.output
  const inner = rootFrame(callee, `${path}/`, isObject(given) ? given : {}, frame.depth + 1)
  const standing = await body(run, callee, inner)
  if (standing.kind === 'open') return standing
  const ended = endOf({ ...run, record: { ...run.record, cancelled: null } }, callee, inner, standing)
  const status = ended.status === 'failed' ? 'failed' : 'done'
  return end(run, step, path, status, ended.outputs, `: ${step.playbook} ${ended.status}: ${ended.sentence}`)
}
