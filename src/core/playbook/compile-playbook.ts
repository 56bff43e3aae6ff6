import { incidentFactNames } from '../correlate/index.ts'
import type { Document, JsonObject, Problem, Result } from '../model/index.ts'
import { compileHook } from './compile-hook.ts'
import { compileSteps } from './compile-step.ts'
import {
  everyStep,
  type IncidentChange,
  type KnownAction,
  type Playbook,
  type PlaybookTrigger,
  type Step,
} from './language.ts'
import { asObject, fail, type Reading, readCondition, readDuration, readValue } from './reading.ts'

const maxSteps = 200

/** Compiles a playbook that has passed its schema, against the actions there are (`integration.action`). */
export function compilePlaybook(document: Document, actions: ReadonlyMap<string, KnownAction>): Result<Playbook> {
  const problems: Problem[] = []
  const raw = document.value
  const declared = asObject(raw.inputs)
  const reading: Reading = {
    document,
    actions,
    problems,
    steps: new Set(),
    variables: new Set(),
    variableSteps: new Set(),
    inputs: new Set(Object.keys(declared)),
    locals: new Set(),
    depth: 1,
  }
  const id = String(raw.id)
  const file = /^playbooks\/([^/]+)\.yaml$/.exec(document.file)?.[1]
  if (file !== undefined && file !== id)
    fail(reading, 'id', `the id is "${id}" in the file "${file}.yaml"`, ['id'], 'name the file after the id')
  const trigger = triggerOf(raw, reading)
  const deadlineMs = readDuration(reading, raw.deadline, ['deadline'])
  const steps = compileSteps(raw.steps, ['steps'], reading)
  const handling = { ...reading, locals: new Set(['failure']) }
  const compensation = new Map(
    Object.entries(asObject(raw.compensation)).map(
      ([name, block]) => [name, compileSteps(block, ['compensation', name], handling)] as const,
    ),
  )
  const onFailure = compileSteps(raw.onFailure, ['onFailure'], handling)
  const last = compileSteps(raw.finally, ['finally'], reading)
  const outputs = readValue(reading, raw.outputs ?? {}, ['outputs'])
  const all = [steps, ...compensation.values(), onFailure, last].flatMap((block) => [...everyStep(block)])
  if (all.length > maxSteps) fail(reading, 'size', `a playbook has at most ${maxSteps} steps`, ['steps'])
  checkJumps(all, compensation, reading)
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      id,
      title: String(raw.title),
      owner: String(raw.owner),
      ref: { kind: 'playbook', id, title: String(raw.title), place: document.place(['title']) },
      trigger,
      deadlineMs,
      inputs: inputSchema(declared),
      steps,
      compensation,
      onFailure,
      finally: last,
      outputs,
      variableSteps: reading.variableSteps,
    },
  }
}

function triggerOf(raw: JsonObject, reading: Reading): PlaybookTrigger {
  const given = asObject(raw.trigger)
  const seen = { ...reading, locals: new Set<string>(), inputs: new Set<string>() }
  const when = readCondition(seen, given.when, ['trigger', 'when'])
  for (const path of when?.paths ?? [])
    if (!incidentFactNames.has(path))
      fail(reading, 'trigger', `"${path}" is not known before a run has begun`, ['trigger', 'when'])
  const byItself = given.on !== undefined || given.every !== undefined
  if (byItself && given.when === undefined)
    fail(reading, 'trigger', 'what starts by itself needs "when"', ['trigger'], 'say which incidents are meant')
  const required = Object.entries(asObject(raw.inputs)).find(([, one]) => asObject(one).default === undefined)
  if (byItself && required !== undefined)
    fail(reading, 'trigger', `the input "${required[0]}" has no default, and nobody gives it`, ['inputs', required[0]])
  return {
    on: (Array.isArray(given.on) ? given.on : []) as readonly IncidentChange[],
    when,
    everyMs: given.every === undefined ? null : readDuration(reading, given.every, ['trigger', 'every']),
    manual: given.manual === true,
    webhook: compileHook(given.webhook, reading),
    once: given.once === 'change' ? 'change' : 'incident',
    cooldownMs: given.cooldown === undefined ? 0 : readDuration(reading, given.cooldown, ['trigger', 'cooldown']),
  }
}

/** The inputs as the JSON Schema of one object; an input without default has to be given. */
function inputSchema(declared: JsonObject): JsonObject {
  const required = Object.keys(declared).filter((name) => asObject(declared[name]).default === undefined)
  return { type: 'object', additionalProperties: false, required, properties: declared }
}

function checkJumps(all: readonly Step[], compensation: ReadonlyMap<string, readonly Step[]>, reading: Reading): void {
  const compensating = new Set(
    [...compensation.values()].flatMap((block) => [...everyStep(block)].map((one) => one.id)),
  )
  for (const { id, place, onError } of all) {
    if (onError.kind !== 'goto') continue
    if (compensating.has(id) || !compensation.has(onError.block))
      reading.problems.push({
        severity: 'error',
        code: 'playbook/goto',
        message: compensating.has(id)
          ? 'a compensation does not jump to another'
          : `there is no compensation "${onError.block}"`,
        place,
        hint: `there are: ${[...compensation.keys()].join(', ') || 'none'}`,
      })
  }
}
