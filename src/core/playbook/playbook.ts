import { type Condition, compileCondition } from '../condition/index.ts'
import { durationMs, incidentFactNames } from '../correlate/index.ts'
import {
  type Document,
  didYouMean,
  type EffectClass,
  isObject,
  type Json,
  type JsonObject,
  type Place,
  type Problem,
  problem,
  type Result,
  type RuleRef,
} from '../model/index.ts'
import { compileValue, type Value } from '../template/index.ts'

/** What happened to an incident, as playbooks name it in `trigger.on`. */
export const incidentChanges = ['opened', 'extended', 'escalated'] as const
export type IncidentChange = (typeof incidentChanges)[number]

interface StepHead {
  readonly id: string
  readonly title: string
  readonly place: Place
  readonly when: Condition | null
}

/** Calls an action of an integration, once or for each of a bounded list. */
export interface ActionStep extends StepHead {
  readonly kind: 'action'
  readonly integration: string
  readonly action: string
  readonly inputs: Value
  readonly forEach: Value | null
  readonly expiresMs: number | null
  readonly onError: 'stop' | 'continue'
}

/** Leaves work for an analyst. */
export interface TaskStep extends StepHead {
  readonly kind: 'task'
  readonly task: Value
}

/** Ends the run. */
export interface StopStep extends StepHead {
  readonly kind: 'stop'
}

export type Step = ActionStep | TaskStep | StopStep

/** A response procedure, compiled. */
export interface Playbook {
  readonly id: string
  readonly title: string
  readonly owner: string
  readonly ref: RuleRef
  readonly on: readonly IncidentChange[]
  readonly when: Condition
  readonly deadlineMs: number
  readonly steps: readonly Step[]
}

/** What is known of an action when playbooks are checked. */
export interface KnownAction {
  readonly effect: EffectClass
  readonly input: JsonObject
}

/** `forEach` over more than this is refused at run time: nobody means to suspend a whole company. */
export const maxItems = 10
const roots = new Set(['incident', 'steps', 'item'])

/** Compiles a playbook that has passed its schema, against the actions there are (`integration.action`). */
export function compilePlaybook(document: Document, actions: ReadonlyMap<string, KnownAction>): Result<Playbook> {
  const problems: Problem[] = []
  const { id, title, owner, trigger, deadline, steps } = document.value
  const file = /^playbooks\/([^/]+)\.yaml$/.exec(document.file)?.[1]
  if (file !== undefined && file !== id)
    problems.push(
      problem(
        'playbook/id',
        `the id is "${String(id)}" in the file "${file}.yaml"`,
        document.place(['id']),
        'name the file after the id',
      ),
    )
  const triggerOf = isObject(trigger) ? trigger : {}
  const when = compileCondition(
    triggerOf.when ?? null,
    (path, part) => document.place(['trigger', 'when', ...path], part),
    incidentFactNames,
  )
  if (!when.ok) problems.push(...when.problems)
  const deadlineMs = durationMs(deadline)
  if (deadlineMs === null)
    problems.push(problem('playbook/deadline', 'deadline is a duration like 8h', document.place(['deadline'])))
  const seen = new Set<string>()
  const compiled = (Array.isArray(steps) ? (steps as readonly Json[]) : []).filter(isObject).map((raw, index) => {
    const stepId = String(raw.id)
    if (seen.has(stepId))
      problems.push(
        problem('playbook/duplicate-step', `there are two steps "${stepId}"`, document.place(['steps', index, 'id'])),
      )
    const step = compileStep(raw, index, document, actions, problems, seen)
    seen.add(stepId)
    return step
  })
  if (problems.length > 0 || !when.ok || deadlineMs === null) return { ok: false, problems }
  return {
    ok: true,
    value: {
      id: String(id),
      title: String(title),
      owner: String(owner),
      ref: { kind: 'playbook', id: String(id), title: String(title), place: document.place(['title']) },
      on: (triggerOf.on as readonly IncidentChange[] | undefined) ?? ['opened'],
      when: when.value,
      deadlineMs,
      steps: compiled,
    },
  }
}

function compileStep(
  raw: JsonObject,
  index: number,
  document: Document,
  actions: ReadonlyMap<string, KnownAction>,
  problems: Problem[],
  earlier: ReadonlySet<string>,
): Step {
  const locate = (key: string) => (path: readonly (string | number)[], part?: 'key' | 'value') =>
    document.place(['steps', index, key, ...path], part)
  const value = (key: string): Value => {
    const compiled = compileValue(raw[key] ?? null, locate(key), roots)
    if (!compiled.ok) {
      problems.push(...compiled.problems)
      return { paths: [], render: () => ({ ok: true, value: null }) }
    }
    for (const path of compiled.value.paths) {
      const [root, name = ''] = path.split('.')
      if (root === 'incident' && name !== '' && !incidentFactNames.has(name))
        problems.push(
          problem(
            'playbook/unknown-fact',
            `an incident has no "${name}"`,
            locate(key)([]),
            didYouMean(name, incidentFactNames),
          ),
        )
      if (root === 'steps' && !earlier.has(name))
        problems.push(
          problem(
            'playbook/unknown-step',
            `no earlier step is called "${name}"`,
            locate(key)([]),
            didYouMean(name, earlier),
          ),
        )
      if (root === 'item' && raw.forEach === undefined)
        problems.push(problem('playbook/item', '"item" is known only in a step with forEach', locate(key)([])))
    }
    return compiled.value
  }
  const condition = raw.if === undefined ? null : compileCondition(raw.if, locate('if'), incidentFactNames)
  if (condition !== null && !condition.ok) problems.push(...condition.problems)
  const head: StepHead = {
    id: String(raw.id),
    title: String(raw.title ?? raw.id),
    place: document.place(['steps', index, 'id']),
    when: condition?.ok ? condition.value : null,
  }
  if (raw.task !== undefined) return { ...head, kind: 'task', task: value('task') }
  if (raw.stop !== undefined) return { ...head, kind: 'stop' }
  const call = String(raw.action)
  const [integration = '', action = ''] = call.split('.')
  const known = actions.get(call)
  if (known === undefined)
    problems.push(
      problem(
        'playbook/unknown-action',
        `there is no action "${call}"`,
        document.place(['steps', index, 'action']),
        didYouMean(call, actions.keys()),
      ),
    )
  else checkInputs(raw, index, document, known, problems)
  const expiresMs = raw.expires === undefined ? null : durationMs(raw.expires)
  if (raw.expires !== undefined && expiresMs === null)
    problems.push(
      problem('playbook/expires', 'expires is a duration like 24h', document.place(['steps', index, 'expires'])),
    )
  if (known?.effect === 'destructive' && raw.expires === undefined)
    problems.push(
      problem(
        'playbook/expires',
        `"${call}" is destructive and has no "expires"`,
        document.place(['steps', index, 'action']),
        'a containment ends some day: write "expires: 24h"',
      ),
    )
  return {
    ...head,
    kind: 'action',
    integration,
    action,
    inputs: value('with'),
    forEach: raw.forEach === undefined ? null : value('forEach'),
    expiresMs,
    onError: raw.onError === 'continue' ? 'continue' : 'stop',
  }
}

function checkInputs(
  raw: JsonObject,
  index: number,
  document: Document,
  known: KnownAction,
  problems: Problem[],
): void {
  const given = isObject(raw.with) ? raw.with : {}
  const declared = isObject(known.input.properties) ? known.input.properties : {}
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name))
      problems.push(
        problem(
          'playbook/unknown-input',
          `the action takes no input "${name}"`,
          document.place(['steps', index, 'with', name], 'key'),
          didYouMean(name, Object.keys(declared)),
        ),
      )
  }
  for (const name of Array.isArray(known.input.required) ? (known.input.required as readonly string[]) : []) {
    if (!Object.hasOwn(given, name))
      problems.push(
        problem('playbook/missing-input', `the input "${name}" is missing`, document.place(['steps', index, 'with'])),
      )
  }
}
