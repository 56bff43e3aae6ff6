import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { checkVariables } from './check-variables.ts'
import {
  listAt,
  objectAt,
  type Path,
  partsOfId,
  pointers,
  quoted,
  type Report,
  type StepType,
  stepTypes,
  textAt,
} from './form.ts'

const maxSteps = 400

/** Checks the steps of a playbook, that what they name exists, and that every way through them ends (section 4). */
export function checkWorkflow(root: JsonObject, report: Report): void {
  const workflow = own(root, 'workflow')
  if (!isObject(workflow)) {
    report.error('required', 'a playbook has a workflow', ['workflow'])
    return
  }
  const ids = Object.keys(workflow)
  if (ids.length > maxSteps) {
    report.error('size', `a workflow has at most ${maxSteps} steps`, ['workflow'])
    return
  }
  for (const id of ids) checkStep(id, own(workflow, id), root, report)
  if (!ids.some((id) => id.startsWith('end--'))) report.error('end', 'the workflow has no end step', ['workflow'])
  const start = textAt(root, 'workflow_start')
  if (start === null || !Object.hasOwn(workflow, start)) {
    report.error('reference', `workflow_start names no step: ${quoted(own(root, 'workflow_start'))}`, [
      'workflow_start',
    ])
    return
  }
  if (!start.startsWith('start--')) report.warn('start', 'workflow_start is no start step', ['workflow_start'])
  const exception = own(root, 'workflow_exception')
  const handled = typeof exception === 'string' && Object.hasOwn(workflow, exception)
  if (exception !== undefined && !handled)
    report.warn(
      'reference',
      `workflow_exception names no step: ${quoted(exception)}`,
      ['workflow_exception'],
      'a failure ends the run',
    )
  const reached = walk(workflow, handled ? [start, exception] : [start], report)
  for (const id of ids) if (!reached.has(id)) report.warn('unreachable', `no step leads to ${id}`, ['workflow', id])
}

/** Every name of another step in a step, with its path inside it. */
export function namesIn(step: JsonObject): readonly (readonly [path: Path, id: Json])[] {
  const found: (readonly [Path, Json])[] = []
  for (const key of pointers) {
    const value = own(step, key)
    if (value !== undefined) found.push([[key], value])
  }
  for (const [index, id] of listAt(step, 'next_steps').entries()) found.push([['next_steps', index], id])
  for (const [name, id] of Object.entries(objectAt(step, 'cases'))) found.push([['cases', name], id])
  return found
}

const required: Readonly<Record<StepType, readonly string[]>> = {
  start: ['on_completion'],
  end: [],
  action: ['commands', 'agent'],
  'playbook-action': ['playbook_id'],
  parallel: ['next_steps'],
  'if-condition': ['condition', 'on_true'],
  'while-condition': ['condition', 'on_true'],
  'switch-condition': ['switch', 'cases'],
}

function checkStep(id: string, step: Json | undefined, root: JsonObject, report: Report): void {
  const path = ['workflow', id]
  if (!isObject(step)) {
    report.error('form', 'a step is a mapping', path)
    return
  }
  const type = stepTypes.find((one) => one === own(step, 'type'))
  if (type === undefined) {
    report.error(
      'step-type',
      `there is no type of step ${quoted(own(step, 'type'))}`,
      path,
      `there are: ${stepTypes.join(', ')}`,
    )
    return
  }
  if (partsOfId(id)?.type !== type)
    report.error('identifier', `the id of this step has the form "${type}--uuid", not ${quoted(id)}`, path)
  for (const key of required[type])
    if (own(step, key) === undefined) report.error('required', `a step of type ${type} has "${key}"`, path)
  checkPointers(step, type, path, root, report)
  for (const key of ['name', 'description', 'condition', 'switch'])
    if (own(step, key) !== undefined && typeof own(step, key) !== 'string')
      report.error('form', `${key} is text`, [...path, key])
  for (const key of ['delay', 'timeout']) {
    const ms = own(step, key)
    if (ms !== undefined && !(typeof ms === 'number' && Number.isInteger(ms) && ms >= 0 && ms <= 31_536_000_000))
      report.error('form', `${key} is a whole number of milliseconds, at most a year`, [...path, key])
  }
  checkVariables(objectAt(step, 'step_variables'), [...path, 'step_variables'], report)
  if (type === 'action') checkAction(step, path, root, report)
  if (type === 'playbook-action' && partsOfId(own(step, 'playbook_id'))?.type !== 'playbook')
    report.error('identifier', `playbook_id has the form "playbook--uuid", not ${quoted(own(step, 'playbook_id'))}`, [
      ...path,
      'playbook_id',
    ])
  if (type === 'parallel' && listAt(step, 'next_steps').length < 2)
    report.error('required', 'a parallel step has at least two next_steps', path)
  for (const key of Object.keys(objectAt(step, 'step_extensions')))
    if (!Object.hasOwn(objectAt(root, 'extension_definitions'), key))
      report.warn('reference', `the extension ${quoted(key)} is not defined`, [...path, 'step_extensions', key])
}

function checkPointers(step: JsonObject, type: StepType, path: Path, root: JsonObject, report: Report): void {
  const has = (key: string) => own(step, key) !== undefined
  const workflow = objectAt(root, 'workflow')
  for (const [at, id] of namesIn(step))
    if (typeof id !== 'string' || !Object.hasOwn(workflow, id))
      report.error('reference', `there is no step ${quoted(id)}`, [...path, ...at])
  if (has('on_completion') && (has('on_success') || has('on_failure')))
    report.error('way', 'beside on_completion there is no on_success and no on_failure', [...path, 'on_completion'])
  if (type === 'end' && (has('on_completion') || has('on_success') || has('on_failure')))
    report.error('way', 'an end step leads nowhere', path)
  if (type === 'start' && (has('on_success') || has('on_failure')))
    report.error('way', 'a start step has on_completion only', path)
  if (type === 'end' || type === 'start' || has('on_completion') || has('on_success')) return
  if (type === 'action' || type === 'playbook-action')
    report.error('way', 'nothing says what comes after this step', path, 'every way ends at an end step')
  else report.warn('way', 'nothing says what comes after this step: it is the last of its branch', path)
}

function checkAction(step: JsonObject, path: Path, root: JsonObject, report: Report): void {
  const agents = objectAt(root, 'agent_definitions')
  const targets = objectAt(root, 'target_definitions')
  const agent = own(step, 'agent')
  if (agent !== undefined && !(typeof agent === 'string' && Object.hasOwn(agents, agent)))
    report.error('reference', `there is no agent ${quoted(agent)}`, [...path, 'agent'])
  for (const [index, id] of listAt(step, 'targets').entries())
    if (typeof id !== 'string' || !(Object.hasOwn(targets, id) || Object.hasOwn(agents, id)))
      report.error('reference', `there is no target ${quoted(id)}`, [...path, 'targets', index])
  const commands = listAt(step, 'commands')
  if (own(step, 'commands') !== undefined && commands.length === 0)
    report.error('required', 'an action has at least one command', [...path, 'commands'])
  if (commands.length > 20) report.error('size', 'an action has at most 20 commands', [...path, 'commands'])
  for (const [index, command] of commands.entries()) {
    const at = [...path, 'commands', index]
    if (!isObject(command) || typeof own(command, 'type') !== 'string') {
      report.error('required', 'a command has a type', at)
      continue
    }
    for (const key of ['command', 'content'])
      if (own(command, key) !== undefined && typeof own(command, key) !== 'string')
        report.error('form', `${key} is text`, [...at, key])
    for (const key of ['command_b64', 'content_b64']) {
      const value = own(command, key)
      if (value !== undefined && !(typeof value === 'string' && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)))
        report.error('form', `${key} is base64`, [...at, key])
    }
  }
}

/** The steps that are reached from some, found without recursion; a way that comes back to itself is an error. */
function walk(workflow: JsonObject, starts: readonly string[], report: Report): ReadonlySet<string> {
  const seen = new Map<string, 'under way' | 'done'>()
  const stack: { id: string; next: readonly string[]; at: number }[] = []
  const enter = (id: string) => {
    seen.set(id, 'under way')
    const next = namesIn(objectAt(workflow, id)).flatMap(([, one]) => (typeof one === 'string' ? [one] : []))
    stack.push({ id, next: next.filter((one) => Object.hasOwn(workflow, one)), at: 0 })
  }
  for (const start of starts) {
    if (!seen.has(start)) enter(start)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next[top.at]
      top.at += 1
      if (next === undefined) {
        seen.set(top.id, 'done')
        stack.pop()
      } else if (seen.get(next) === undefined) enter(next)
      else if (seen.get(next) === 'under way')
        report.error(
          'cycle',
          `the way from ${top.id} leads back to ${next}`,
          ['workflow', top.id],
          'only a while-condition repeats',
        )
    }
  }
  return new Set(seen.keys())
}
