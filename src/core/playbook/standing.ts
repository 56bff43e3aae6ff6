import { type Fact, isObject, type Json } from '../model/index.ts'
import type { Run } from './frame.ts'
import { partsOf, type Step } from './language.ts'
import type { NextStep, StepResult } from './record.ts'

/** How a list of steps stands. */
export type Standing =
  | { readonly kind: 'done' }
  | { readonly kind: 'open'; readonly next: readonly NextStep[] }
  | { readonly kind: 'failed'; readonly sentence: string; readonly step: string; readonly block: string | null }
  | { readonly kind: 'stopped'; readonly status: 'stopped' | 'failed'; readonly sentence: string }

export const done: Standing = { kind: 'done' }
const maxSentence = 500

/** Of what could be done next, what is under way already. */
export const underWay = (run: Run, next: readonly NextStep[]) => next.filter((one) => run.record.started.has(one.path))

/** What a recorded result means for the steps after it. */
export function standingOf(step: Step, ended: StepResult): Standing {
  if (step.kind === 'stop' && ended.status === 'done')
    return { kind: 'stopped', status: step.status, sentence: `stopped at "${step.title}"` }
  if (ended.status !== 'failed') return done
  // What failed inside a block stands in the block's own result, so that the record alone tells where it goes on.
  const inside = partsOf(step).length > 0 && isObject(ended.output) ? ended.output : null
  const jump = typeof inside?.goto === 'string' ? inside.goto : step.onError.kind === 'goto' ? step.onError.block : null
  if (step.onError.kind === 'continue' && typeof inside?.goto !== 'string') return done
  const at = typeof inside?.step === 'string' ? inside.step : step.id
  return { kind: 'failed', sentence: ended.sentence, step: at, block: jump }
}

/** Records how a step ended. */
export function end(
  run: Run,
  step: Step,
  path: string,
  status: StepResult['status'],
  output: Json,
  sentence: string,
): Standing {
  const result = { path, status, output, sentence: `"${step.title}"${sentence}`.slice(0, maxSentence) }
  record(run, result)
  return standingOf(step, result)
}

/** A choice that a block keeps to, whatever the incident becomes. */
export function decide(run: Run, path: string, output: Json, sentence: string): void {
  record(run, { path: `${path}?`, status: 'decided', output, sentence: sentence.slice(0, maxSentence) })
}

export function record(run: Run, result: StepResult): void {
  run.results.set(result.path, result)
  run.fresh.push(result)
}

/** Facts for a sentence. */
export const told = (facts: readonly Fact[]) =>
  facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')
