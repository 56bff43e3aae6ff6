import { type Fact, hashId, type Json, type JsonObject } from '../model/index.ts'
import { type ActionStep, maxItems, type Playbook, type Step } from './playbook.ts'

/** How a step, or one item of it, ended. */
export interface StepResult {
  readonly path: string
  readonly status: 'done' | 'skipped' | 'denied' | 'failed'
  readonly output: Json
  readonly sentence: string
}

/** What a run has recorded so far, and the incident's facts as they are now. */
export interface RunRecord {
  readonly results: readonly StepResult[]
  readonly facts: JsonObject
}

/** What is to be done next. */
export type NextStep =
  | {
      readonly kind: 'action'
      readonly step: ActionStep
      readonly path: string
      readonly inputs: JsonObject
      readonly why: readonly Fact[]
    }
  | { readonly kind: 'task'; readonly path: string; readonly step: Step; readonly title: string }
  | { readonly kind: 'record'; readonly result: StepResult }
  | { readonly kind: 'finished'; readonly status: 'completed' | 'failed' | 'stopped'; readonly sentence: string }

/** The next step of a run: a pure function of the playbook and what is recorded, so that any run can be told again. */
export async function nextStep(playbook: Playbook, record: RunRecord): Promise<NextStep> {
  const results = new Map(record.results.map((one) => [one.path, one]))
  for (const step of playbook.steps) {
    const ended = results.get(step.id)
    if (ended !== undefined) {
      if (step.kind === 'stop' && ended.status === 'done')
        return { kind: 'finished', status: 'stopped', sentence: `stopped at "${step.title}"` }
      if (isFatal(step, ended)) return { kind: 'finished', status: 'failed', sentence: ended.sentence }
      continue
    }
    return current(step, record, results)
  }
  return { kind: 'finished', status: 'completed', sentence: `all ${playbook.steps.length} steps are done` }
}

const isFatal = (step: Step, ended: StepResult) =>
  ended.status === 'failed' && (step.kind !== 'action' || step.onError === 'stop')

async function current(step: Step, record: RunRecord, results: ReadonlyMap<string, StepResult>): Promise<NextStep> {
  const seen = step.when === null ? { matched: true, facts: [] } : await step.when.decide(record.facts)
  if (!seen.matched) {
    const because = seen.facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')
    return end(step, 'skipped', null, `"${step.title}" is not needed: ${because || 'its condition does not hold'}`)
  }
  const scope = scopeOf(record)
  if (step.kind === 'stop') return end(step, 'done', null, step.title)
  if (step.kind === 'task') {
    const title = step.task.render(scope)
    if (!title.ok)
      return end(step, 'failed', null, `"${step.title}": ${title.problems[0]?.message ?? 'cannot be rendered'}`)
    return { kind: 'task', path: step.id, step, title: String(title.value) }
  }
  if (step.forEach === null) return call(step, step.id, scope, seen.facts)
  const list = step.forEach.render(scope)
  if (!list.ok || !Array.isArray(list.value)) return end(step, 'failed', null, `"${step.title}": forEach gives no list`)
  const items = list.value as readonly Json[]
  if (items.length > maxItems)
    return end(
      step,
      'failed',
      null,
      `"${step.title}": ${items.length} items, at most ${maxItems} are acted on; a person has to choose`,
    )
  for (const item of items) {
    const path = `${step.id}[${hashId(JSON.stringify(item)).slice(0, 10)}]`
    const ended = results.get(path)
    if (ended === undefined) return call(step, path, { ...scope, item }, seen.facts)
    if (isFatal(step, ended)) return end(step, 'failed', null, ended.sentence)
  }
  const parts = [...results.values()].filter((one) => one.path.startsWith(`${step.id}[`))
  const count = (status: StepResult['status']) => parts.filter((one) => one.status === status).length
  if (items.length === 0 && parts.length === 0)
    return end(step, 'skipped', [], `"${step.title}": there is nothing to act on`)
  return end(
    step,
    'done',
    parts.map((one) => one.output),
    `"${step.title}": ${count('done')} done, ${count('denied')} denied, ${count('failed')} failed`,
  )
}

function call(step: ActionStep, path: string, scope: JsonObject, why: readonly Fact[]): NextStep {
  const inputs = step.inputs.render(scope)
  if (!inputs.ok)
    return {
      kind: 'record',
      result: {
        path,
        status: 'failed',
        output: null,
        sentence: `"${step.title}": ${inputs.problems[0]?.message ?? 'the inputs cannot be rendered'}`,
      },
    }
  return { kind: 'action', step, path, inputs: inputs.value as JsonObject, why }
}

function end(step: Step, status: StepResult['status'], output: Json, sentence: string): NextStep {
  return { kind: 'record', result: { path: step.id, status, output, sentence } }
}

function scopeOf(record: RunRecord): JsonObject {
  const steps = record.results
    .filter((one) => !one.path.includes('['))
    .map((one) => [one.path, { status: one.status, output: one.output }] as const)
  return { incident: record.facts, steps: Object.fromEntries(steps) }
}
