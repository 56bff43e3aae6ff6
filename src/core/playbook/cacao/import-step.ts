import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { extensionOf, listAt, objectAt, partsOfId, type Report, type StepType, textAt } from './form.ts'
import { tasksOf } from './import-command.ts'
import { readPattern } from './pattern.ts'
import { argumentsOf, type Variables } from './variables.ts'

/** Steps that one import makes at most; branches that meet again are written once for each way. */
export const maxMade = 200
const maxDepth = 7

/** An import under way. */
export interface Making {
  readonly root: JsonObject
  readonly workflow: JsonObject
  readonly report: Report
  /** What each step sees. */
  readonly variables: ReadonlyMap<string, Variables>
  /** Names of the blocks that failures go on with, by the id of their first step. */
  readonly names: Map<string, string>
  readonly blocks: Map<string, readonly JsonObject[]>
  /** Ids of our steps so far. */
  readonly ids: Set<string>
  readonly count: { made: number; isFull: boolean }
  /** A step at which the main way ends, because it belongs to what is done last in any case. */
  readonly until: string | null
  readonly inBlock: boolean
  readonly depth: number
}

/** The steps from one on, until the end of its branch. */
export function chain(making: Making, first: string): readonly JsonObject[] {
  const steps: JsonObject[] = []
  if (making.depth > maxDepth) {
    making.report.error('depth', `branches nest at most ${maxDepth} deep`, ['workflow', first])
    return steps
  }
  for (let id: string | null = first; id !== null && id !== making.until; ) {
    const step: JsonObject = objectAt(making.workflow, id)
    const here = stepsOf(making, id, step)
    making.count.made += here.length
    steps.push(...here)
    if (making.count.made > maxMade) {
      if (!making.count.isFull)
        making.report.error(
          'size',
          `it comes to more than ${maxMade} steps`,
          ['workflow', id],
          'ways that meet again count once each',
        )
      making.count.isFull = true
      return steps
    }
    id = textAt(step, 'type') === 'end' ? null : (textAt(step, 'on_completion') ?? textAt(step, 'on_success'))
  }
  return steps
}

function stepsOf(making: Making, id: string, step: JsonObject): readonly JsonObject[] {
  const ours = extensionOf(step, 'step_extensions')
  const said = own(ours, 'step')
  if (isObject(said)) return extended(making, id, step, ours, said)
  const delay = Number(own(step, 'delay') ?? 0)
  const wait = delay > 0 ? [{ id: freshId(making, 'delay'), wait: duration(delay) }] : []
  return [...wait, ...plain(making, id, step)]
}

function plain(making: Making, id: string, step: JsonObject): readonly JsonObject[] {
  const head = () => headOf(making, id, step)
  const inside = { ...making, until: null, depth: making.depth + 1 }
  const variables = making.variables.get(id) ?? new Map()
  const way = (key: string) => (textAt(step, key) === null ? [] : chain(inside, String(textAt(step, key))))
  switch (textAt(step, 'type') as StepType) {
    case 'start':
    case 'end':
      return []
    case 'action':
      return tasksOf(making, id, step, variables, head(), (name) => freshId(making, name))
    case 'playbook-action': {
      const given = argumentsOf(listAt(step, 'in_args'), variables, ['workflow', id, 'in_args'], making.report)
      const taken = argumentsOf(listAt(step, 'out_args'), variables, ['workflow', id, 'out_args'], making.report)
      const own = head()
      const call = {
        ...own,
        call: `cacao-${partsOfId(textAt(step, 'playbook_id') ?? '')?.uuid}`,
        ...(given.length > 0
          ? { with: Object.fromEntries(given.map(([, one]) => [one.name, `{{ vars.${one.name} }}`])) }
          : {}),
      }
      if (taken.length === 0) return [call]
      const set = Object.fromEntries(
        taken.map(([, one]) => [one.name, `{{ steps.${String(own.id)}.output.${one.name} }}`]),
      )
      return [call, { id: freshId(making, `${String(own.id)}_results`), set }]
    }
    case 'parallel': {
      const ways = listAt(step, 'next_steps').map((one) => chain(inside, String(one)))
      const filled = ways.filter((one) => one.length > 0)
      if (filled.length > 10) making.report.error('size', 'at most 10 branches can go side by side', ['workflow', id])
      if (filled.length < 2) return filled[0] ?? []
      return [{ ...head(), parallel: filled.map((steps, index) => ({ id: `branch-${index + 1}`, steps })) }]
    }
    case 'if-condition': {
      const condition = conditionOf(making, id, step, variables)
      const [yes, no] = [way('on_true'), way('on_false')]
      if (yes.length > 0) return [branch({ ...head(), if: condition }, yes, no)]
      return no.length > 0 ? [branch({ ...head(), if: { not: condition } }, no, [])] : []
    }
    case 'while-condition': {
      const condition = conditionOf(making, id, step, variables)
      const body = way('on_true')
      if (body.length > 0) return [{ ...head(), while: condition, max: 100, do: body }]
      making.report.error('empty', 'nothing is done while the condition holds', ['workflow', id, 'on_true'])
      return []
    }
    case 'switch-condition':
      return switchOf(making, inside, id, step, variables, head)
  }
}

function switchOf(
  making: Making,
  inside: Making,
  id: string,
  step: JsonObject,
  variables: Variables,
  head: () => JsonObject,
): readonly JsonObject[] {
  const entries = Object.entries(objectAt(step, 'cases'))
  const subject = textAt(step, 'switch') ?? ''
  const cases = entries.flatMap(([value, target]) => {
    if (value === 'default') return []
    const pattern = `${subject} = '${value.replace(/[\\']/g, '\\$&')}'`
    const when = conditionAt(making, ['workflow', id, 'cases', value], pattern, variables)
    const steps = chain(inside, String(target))
    // A case in which nothing is done still keeps the others, and the default, from being taken.
    return [{ when, steps: steps.length > 0 ? steps : [nothing(making)] }]
  })
  const otherwise = entries.find(([value]) => value === 'default')
  const rest = otherwise === undefined ? [] : chain(inside, String(otherwise[1]))
  if (cases.length === 0) return rest
  if (cases.length > 20) making.report.error('size', 'a switch has at most 20 cases', ['workflow', id, 'cases'])
  return [{ ...head(), switch: cases, ...(rest.length > 0 ? { default: rest } : {}) }]
}

/** Our step for one way or another. Written by name: an object with a member `then` would pass for a promise. */
const branch = (head: JsonObject, yes: readonly JsonObject[], no: readonly JsonObject[]): JsonObject => ({
  ...head,
  ...Object.fromEntries([['then', yes], ...(no.length > 0 ? [['else', no]] : [])]),
})

const nothing = (making: Making): JsonObject => ({ id: freshId(making, 'nothing'), set: { nothing_done: true } })

/** A step of which our extension says what it is; the steps inside it are those of the workflow. */
function extended(
  making: Making,
  id: string,
  step: JsonObject,
  ours: JsonObject,
  said: JsonObject,
): readonly JsonObject[] {
  const inside = { ...making, until: null, depth: making.depth + 1 }
  const way = (key: string) => (textAt(step, key) === null ? [] : chain(inside, String(textAt(step, key))))
  const kind = textAt(step, 'type') as StepType
  const given = typeof own(said, 'id') === 'string' ? said : { ...headOf(making, id, step), ...said }
  // The guard of a step that has one: the step inside says so itself.
  if (own(ours, 'guard') === true) return way('on_true')
  if (kind === 'if-condition') {
    return [branch(given, way('on_true'), way('on_false'))]
  }
  if (kind === 'while-condition') return [{ ...given, do: way('on_true') }]
  if (kind === 'parallel') {
    const names = listAt(ours, 'branches')
    const branches = listAt(step, 'next_steps').map((one, index) => ({
      id: String(names[index] ?? `branch-${index + 1}`),
      steps: chain(inside, String(one)),
    }))
    return [{ ...given, parallel: branches }]
  }
  if (kind === 'switch-condition') {
    const cases = objectAt(step, 'cases')
    const ways = listAt(ours, 'cases').map((when, index) => ({
      when,
      steps: chain(inside, textAt(cases, `case-${index + 1}`) ?? id),
    }))
    const otherwise = textAt(cases, 'default')
    return [{ ...given, switch: ways, ...(otherwise === null ? {} : { default: chain(inside, otherwise) }) }]
  }
  return [given]
}

function headOf(making: Making, id: string, step: JsonObject): JsonObject {
  const name = textAt(step, 'name')
  const onError = errorOf(making, id, step)
  return {
    id: freshId(making, name ?? textAt(step, 'type') ?? 'step'),
    ...(name === null || name === '' ? {} : { title: name.slice(0, 200) }),
    ...(onError === null ? {} : { onError }),
  }
}

/** What a failure leads to: a block of compensation, or nothing when it leads to an end at once. */
function errorOf(making: Making, id: string, step: JsonObject): Json {
  const target = textAt(step, 'on_failure')
  if (target === null || target.startsWith('end--')) return null
  if (making.inBlock) {
    making.report.error('way', 'a failure inside a failure handler cannot lead to another one', [
      'workflow',
      id,
      'on_failure',
    ])
    return null
  }
  const known = making.names.get(target)
  if (known !== undefined) return { goto: known }
  if (making.names.size >= 10) {
    making.report.error('size', 'at most 10 different failure handlers can be kept', ['workflow', id, 'on_failure'])
    return null
  }
  const name = `on-failure-${making.names.size + 1}`
  making.names.set(target, name)
  const block = chain({ ...making, until: null, inBlock: true, depth: 0 }, target)
  making.blocks.set(target, block.length > 0 ? block : [nothing(making)])
  return { goto: name }
}

const conditionOf = (making: Making, id: string, step: JsonObject, variables: Variables) =>
  conditionAt(making, ['workflow', id, 'condition'], textAt(step, 'condition') ?? '', variables)

function conditionAt(making: Making, path: readonly string[], source: string, variables: Variables): JsonObject {
  const read = readPattern(source, variables)
  if (read.ok) return read.value
  making.report.error('condition', `the condition cannot be expressed: ${read.problems}`, path)
  return {}
}

/** An id of ours that no other step has, in a form that expressions can name. */
function freshId(making: Making, name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 48)
  const base = /^[a-z]/.test(plain) && !plain.startsWith('variables') ? plain : `step_${plain}`.replace(/_$/, '')
  let id = base
  for (let n = 2; making.ids.has(id); n++) id = `${base}_${n}`
  making.ids.add(id)
  return id
}

/** Milliseconds in whole seconds or larger, rounded up, as content writes them. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds % size === 0 || seconds / size > 99_999) return `${Math.ceil(seconds / size)}${unit}`
  return seconds > 99_999 ? `${Math.ceil(seconds / 60)}m` : `${seconds}s`
}
