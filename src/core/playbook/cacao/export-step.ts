import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { extensionId, listAt, objectAt, type StepType, textAt, uuidOf } from './form.ts'
import { type Named, patternText } from './pattern-text.ts'

/** An export under way. */
export interface Writing {
  readonly id: string
  readonly agent: string
  readonly workflow: Map<string, JsonObject>
  readonly named: Named
  /** First steps of the blocks that failures go on with. */
  readonly blocks: Map<string, string>
  readonly playbookId: (id: string) => string
}

/** Writes a list of steps as a branch of its own and returns its first step; `after` is what it leads to, null = its end. */
export function blockOf(writing: Writing, steps: readonly JsonObject[], path: string, after: string | null): string {
  const last = steps.at(-1)
  const stops = last !== undefined && last.stop !== undefined && last.if === undefined
  let next = after ?? endOf(writing, path, stops ? last : null)
  for (const step of (stops && after === null ? steps.slice(0, -1) : steps).toReversed())
    next = stepOf(writing, step, path, next)
  return next
}

function endOf(writing: Writing, path: string, stop: JsonObject | null): string {
  const id = idOf(writing, 'end', path)
  writing.workflow.set(id, {
    type: 'end',
    ...(stop === null ? {} : { step_extensions: { [extensionId]: { step: stop } } }),
  })
  return id
}

const idOf = (writing: Writing, type: StepType, path: string) => `${type}--${uuidOf('gitsoc', writing.id, path, type)}`

function stepOf(writing: Writing, step: JsonObject, path: string, next: string): string {
  const here = `${path}/${String(step.id)}`
  const isBranch = step.then !== undefined
  if (step.if === undefined || isBranch) return bodyOf(writing, step, here, next)
  const inner = bodyOf(writing, step, here, endOf(writing, `${here}/guard`, null))
  const id = idOf(writing, 'if-condition', `${here}/guard`)
  writing.workflow.set(id, {
    type: 'if-condition',
    name: `Whether: ${nameOf(step)}`,
    condition: patternText(step.if, writing.named),
    on_true: inner,
    on_completion: next,
    step_extensions: { [extensionId]: { guard: true, step: {} } },
  })
  return id
}

function bodyOf(writing: Writing, step: JsonObject, path: string, next: string): string {
  const branch = (key: string, name: string) => blockOf(writing, stepsAt(step, key), `${path}/${name}`, null)
  const add = (type: StepType, said: JsonObject, members: JsonObject, ours: JsonObject = {}) => {
    const id = idOf(writing, type, path)
    writing.workflow.set(id, {
      type,
      name: nameOf(step),
      ...members,
      ...way(writing, step, next),
      step_extensions: { [extensionId]: { ...ours, step: said } },
    })
    return id
  }
  if (step.then !== undefined) {
    const { then: _then, else: _else, ...said } = step
    const otherwise = stepsAt(step, 'else').length > 0 ? { on_false: branch('else', 'else') } : {}
    return add('if-condition', said, {
      condition: patternText(step.if, writing.named),
      on_true: branch('then', 'then'),
      ...otherwise,
    })
  }
  if (step.switch !== undefined) {
    const { switch: cases, default: _default, ...said } = step
    const list = (Array.isArray(cases) ? (cases as readonly Json[]) : []).filter(isObject)
    const name = `case_of_${String(step.id).replaceAll('-', '_')}`
    writing.named.set(
      name,
      `number of the first case that holds: ${list.map((one, index) => `case-${index + 1} if ${patternText(one.when, new Map())}`).join('; ')}`,
    )
    const ways = list.map((one, index) => [
      `case-${index + 1}`,
      blockOf(writing, stepsAt(one, 'steps'), `${path}/case-${index + 1}`, null),
    ])
    const otherwise = stepsAt(step, 'default').length > 0 ? [['default', branch('default', 'default')]] : []
    const when = list.map((one) => one.when ?? null)
    return add(
      'switch-condition',
      said,
      { switch: `__${name}__:value`, cases: Object.fromEntries([...ways, ...otherwise]) },
      { cases: when },
    )
  }
  if (step.parallel !== undefined) {
    const { parallel, ...said } = step
    const list = (Array.isArray(parallel) ? (parallel as readonly Json[]) : []).filter(isObject)
    const ways = list.map((one) => blockOf(writing, stepsAt(one, 'steps'), `${path}/${String(one.id)}`, null))
    return add('parallel', said, { next_steps: ways }, { branches: list.map((one) => String(one.id)) })
  }
  if (step.do !== undefined) {
    const { do: _do, ...said } = step
    const condition =
      step.while === undefined
        ? patternText({ fact: `items left of ${String(step.id)}`, operator: 'greaterThan', value: 0 }, writing.named)
        : patternText(step.while, writing.named)
    return add('while-condition', said, { condition, on_true: branch('do', 'do') })
  }
  if (step.call !== undefined)
    return add('playbook-action', step, { playbook_id: writing.playbookId(String(step.call)) })
  const command = { type: 'manual', command: telling(step) }
  return add('action', step, { agent: writing.agent, commands: [command] })
}

function way(writing: Writing, step: JsonObject, next: string): JsonObject {
  const goto = textAt(objectAt(step, 'onError'), 'goto')
  const block = goto === null ? undefined : writing.blocks.get(goto)
  return block === undefined ? { on_completion: next } : { on_success: next, on_failure: block }
}

/** What a person would do who has no gitsoc. */
function telling(step: JsonObject): string {
  const said = ['task', 'ask'].map((key) => textAt(step, key)).find((one) => one !== null)
  if (said !== undefined && said !== null) return said
  if (step.action !== undefined) return `${String(step.action)} ${JSON.stringify(own(step, 'with') ?? {})}`
  if (step.wait !== undefined) return `wait ${String(step.wait)}`
  if (step.waitFor !== undefined) return `wait at most ${String(step.timeout)} for the signal ${String(step.waitFor)}`
  if (step.set !== undefined) return `note ${JSON.stringify(step.set)}`
  return `end here: ${nameOf(step)}`
}

const nameOf = (step: JsonObject) => textAt(step, 'title') ?? String(step.id)
const stepsAt = (holder: JsonObject, key: string) => listAt(holder, key).filter(isObject)
