import { hashId, isObject, type Json, type JsonObject, own } from '../model/index.ts'
import { type ApprovalTerms, type GateDecision, gate, type Policy } from '../policy/index.ts'
import { advance } from './interpreter.ts'
import type { KnownAction, Playbook } from './language.ts'
import type { NextStep, RunEnd, StepResult } from './record.ts'

/** What a person or the clock is scripted to answer, by readable path or step id. */
export type ScriptedAnswer = 'approve' | 'deny' | 'expire' | (string & {})

/** What the world answers while a playbook is played. Names are paths as {@link readablePath} writes them, or step ids for all of their turns. */
export interface Script {
  readonly facts: JsonObject
  readonly inputs: JsonObject
  readonly results: ReadonlyMap<string, Pick<StepResult, 'status' | 'output'>>
  readonly answers: ReadonlyMap<string, ScriptedAnswer>
  /** What a signal brings; null = it does not come. */
  readonly signals: ReadonlyMap<string, Json>
  readonly destructiveInLastHour: number
  readonly stopped: boolean
  /** Criticality of targets, as an inventory would give it. */
  readonly criticality: ReadonlyMap<string, string>
  readonly at: number
}

/** An effect that a play came to, and what the gate and the people said to it. */
export interface PlayedEffect {
  readonly path: string
  readonly action: string
  readonly effect: string
  readonly target: string
  readonly inputs: JsonObject
  readonly gate: GateDecision
  /** Whom it was asked of; null when nobody had to be. */
  readonly asked: ApprovalTerms | null
  readonly outcome: 'done' | 'failed' | 'denied'
  /** Until when the containment is meant to hold, from when it was made. */
  readonly expiresMs: number | null
  /** How often it is called before it has failed. */
  readonly attempts: number
  /** Whether the step itself asks people, whatever the policies say. */
  readonly asksItself: boolean
}

/** A question that a play came to. */
export interface PlayedQuestion {
  readonly path: string
  readonly question: string
  readonly options: readonly string[]
  readonly roles: readonly string[]
  readonly expiresMs: number
  /** What silence means; null = the step fails. */
  readonly onExpiry: string | null
}

/** How a playbook went. */
export interface Played {
  /** Steps in the order in which they ended, decisions left out. */
  readonly steps: readonly (StepResult & { readonly readable: string })[]
  readonly effects: readonly PlayedEffect[]
  readonly results: readonly StepResult[]
  readonly tasks: readonly string[]
  readonly questions: readonly PlayedQuestion[]
  /** How many results there were each time the run was advanced: where its record can be told again. */
  readonly moments: readonly number[]
  readonly end: RunEnd
  /** What the script does not answer; a play with any of these is no proof. */
  readonly open: readonly string[]
  /** What the script says of steps that did not come to it, as `results: suspend`. */
  readonly unused: readonly string[]
}

/** What a playbook is played against. */
export interface Stage {
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly playbooks: ReadonlyMap<string, Playbook>
  readonly policies: readonly Policy[]
  /** Whether what the script does not answer is taken as it would go on. */
  readonly assume?: boolean
}

const maxTurns = 20_000

/**
 * Plays a playbook against a script: the same interpreter and the same gate as a live run, with the script for a world.
 * Nothing outside is touched.
 */
export async function play(playbook: Playbook, script: Script, stage: Stage): Promise<Played> {
  const results: StepResult[] = []
  const effects: PlayedEffect[] = []
  const open: string[] = []
  const scripts: Used = new Set()
  const tasks: string[] = []
  const questions: PlayedQuestion[] = []
  const moments: number[] = []
  const record = () => ({
    results,
    facts: script.facts,
    inputs: script.inputs,
    started: new Set<string>(),
    cancelled: null,
  })
  for (let turn = 0; turn < maxTurns; turn++) {
    moments.push(results.length)
    const advanced = await advance(playbook, record(), stage.playbooks)
    results.push(...advanced.results)
    if (advanced.end !== null) {
      const steps = results.filter((one) => one.status !== 'decided')
      const readable = steps.map((one) => ({ ...one, readable: readablePath(one.path, results) }))
      const unused = unusedOf(script, scripts)
      return { steps: readable, effects, results, tasks, questions, moments, end: advanced.end, open, unused }
    }
    for (const next of advanced.next) {
      if (next.kind === 'task') tasks.push(next.title)
      if (next.kind === 'ask') questions.push(questionOf(next, results))
      results.push(await answer(next, script, stage, results, effects, open, scripts))
    }
  }
  throw new Error(`the playbook ${playbook.id} has not ended after ${maxTurns} turns`)
}

function questionOf(
  { path, step, question }: Extract<NextStep, { kind: 'ask' }>,
  results: readonly StepResult[],
): PlayedQuestion {
  const { options, to, expiresMs, onExpiry } = step
  return { path: readablePath(path, results), question, options, roles: to.roles, expiresMs, onExpiry }
}

async function answer(
  next: NextStep,
  script: Script,
  stage: Stage,
  results: readonly StepResult[],
  effects: PlayedEffect[],
  open: string[],
  used: Used,
): Promise<StepResult> {
  const { path, step } = next
  const readable = readablePath(path, results)
  const ended = (status: StepResult['status'], output: Json, sentence: string): StepResult => ({
    path,
    status,
    output,
    sentence,
  })
  switch (next.kind) {
    case 'task':
      return ended('done', next.title, `left a task: ${next.title}`)
    case 'wait': {
      if (next.step.signal === null) return ended('done', { received: false, payload: null }, 'the time has passed')
      const given = scripted(script.signals, 'signals', readable, step.id, used)
      if (given === undefined) open.push(`the signal "${next.step.signal}" of "${readable}"`)
      if (given !== undefined && given !== null)
        return ended('done', { received: true, payload: given }, 'the signal came')
      return next.step.onTimeout === 'fail'
        ? ended('failed', null, 'the signal did not come')
        : ended('done', { received: false, payload: null }, 'the signal did not come')
    }
    case 'ask': {
      const given = scripted(script.answers, 'answers', readable, step.id, used)
      if (given === undefined) open.push(`the question "${readable}"`)
      const said = given ?? (stage.assume ? (next.step.options[0] ?? 'expire') : 'expire')
      const chosen = said === 'expire' ? next.step.onExpiry : said
      return chosen === null
        ? ended('failed', null, 'nobody answered in time')
        : ended('done', { answer: chosen, by: given === 'expire' ? 'nobody' : 'somebody' }, `the answer is ${chosen}`)
    }
    case 'action':
      return act(next, readable, script, stage, effects, open, used)
  }
}

async function act(
  next: Extract<NextStep, { kind: 'action' }>,
  readable: string,
  script: Script,
  stage: Stage,
  effects: PlayedEffect[],
  open: string[],
  used: Used,
): Promise<StepResult> {
  const { path, step, inputs } = next
  const action = `${step.integration}.${step.action}`
  const known = stage.actions.get(action)
  const effect = known?.effect ?? 'unknown'
  const target = String(own(inputs, known?.target ?? '') ?? '')
  const changes = effects.filter(
    (one) => one.outcome !== 'denied' && ['reversible', 'destructive'].includes(one.effect),
  )
  const decision = await gate(
    {
      effect,
      action,
      target,
      incident: script.facts,
      targetCriticality: script.criticality.get(target) ?? null,
      at: script.at,
      destructiveInLastHour:
        script.destructiveInLastHour + changes.filter((one) => one.effect === 'destructive').length,
      targetsChanged: changes.map((one) => one.target),
      integrationInLastHour: changes.filter((one) => one.action.startsWith(`${step.integration}.`)).length,
      stopped: script.stopped,
      approval: step.approval,
    },
    stage.policies,
  )
  const isAsked = decision.answer === 'ask'
  const given = isAsked ? scripted(script.answers, 'answers', readable, step.id, used) : undefined
  if (isAsked && given === undefined) open.push(`the approval of "${readable}"`)
  const isApproved = given === 'approve' || (given === undefined && stage.assume === true)
  const isDenied = decision.answer === 'deny' || (isAsked && !isApproved)
  const result = isDenied
    ? null
    : (scripted(script.results, 'results', readable, step.id, used) ?? {
        status: 'done' as const,
        output: exampleOf(known?.output),
      })
  const outcome = result === null ? 'denied' : result.status === 'failed' ? 'failed' : 'done'
  effects.push({
    path: readable,
    action,
    effect,
    target,
    inputs,
    gate: decision,
    asked: decision.terms,
    outcome,
    expiresMs: step.expiresMs,
    attempts: step.retry.attempts,
    asksItself: step.approval !== null,
  })
  const sentence =
    result === null
      ? `${decision.sentence}${isAsked ? `; the answer: ${given ?? 'none'}` : ''}`
      : `${action} on ${target} is ${outcome}`
  return { path, status: outcome, output: result?.output ?? null, sentence }
}

type Used = Set<string>

/** What the script says of a step, by its path before its id. */
function scripted<T>(
  said: ReadonlyMap<string, T>,
  part: 'results' | 'answers' | 'signals',
  readable: string,
  id: string,
  used: Used,
): T | undefined {
  const name = said.has(readable) ? readable : id
  if (said.has(name)) used.add(`${part}: ${name}`)
  return said.get(name)
}

const unusedOf = (script: Script, used: Used) =>
  (['results', 'answers', 'signals'] as const).flatMap((part) =>
    [...script[part].keys()].map((name) => `${part}: ${name}`).filter((one) => !used.has(one)),
  )

/** A path with the items of its loops instead of their hashes: `suspend[user17@example.com]`. */
export function readablePath(path: string, results: readonly StepResult[]): string {
  if (!path.includes('[')) return path
  const items = new Map(
    results
      .flatMap((one) => (one.status === 'decided' && Array.isArray(one.output) ? (one.output as readonly Json[]) : []))
      .map((item) => [hashId(JSON.stringify(item)).slice(0, 10), item]),
  )
  return path.replace(/\[([^\]]+)\]/g, (whole, hash: string) => {
    const item = items.get(hash)
    return item === undefined ? whole : `[${typeof item === 'string' ? item : JSON.stringify(item)}]`
  })
}

/** The smallest value that a schema describes, for effects of which a script says nothing. */
function exampleOf(schema: Json | undefined): Json {
  if (!isObject(schema)) return {}
  if (schema.default !== undefined) return schema.default
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[])[0] ?? null
  const type = Array.isArray(schema.type) ? (schema.type as readonly Json[])[0] : schema.type
  if (type === 'array') return []
  if (type === 'string') return ''
  if (type === 'number' || type === 'integer') return 0
  if (type === 'boolean') return false
  if (type === 'null') return null
  const required = Array.isArray(schema.required) ? (schema.required as readonly Json[]).map(String) : []
  const properties = isObject(schema.properties) ? schema.properties : {}
  return Object.fromEntries(required.map((name) => [name, exampleOf(own(properties, name))]))
}
