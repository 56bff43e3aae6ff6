import type { Json, JsonObject } from '../model/index.ts'
import { compileAction } from './compile-action.ts'
import { defaultMaxItems, type OnError, type Step } from './language.ts'
import {
  asList,
  asObject,
  fail,
  type Path,
  type Reading,
  readCondition,
  readDuration,
  readValue,
  reservedNames,
} from './reading.ts'

const maxDepth = 8
/** What may stand in a step beside its kind; the schema knows the kinds, not what goes with which. */
const everywhere = ['id', 'title', 'if', 'onError']
const keysOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['action', ['with', 'expires', 'retry', 'timeout', 'approval', 'forEach', 'as', 'max', 'concurrency']],
  ['forEach', ['as', 'max', 'concurrency', 'do']],
  ['then', ['else']],
  ['switch', ['default']],
  ['parallel', ['join']],
  ['while', ['max', 'do']],
  ['call', ['with']],
  ['wait', []],
  ['waitFor', ['timeout', 'onTimeout']],
  ['ask', ['options', 'to', 'expires', 'onExpiry']],
  ['set', []],
  ['task', []],
  ['stop', []],
])
const never = { matched: false, facts: [] }
const noCondition = { paths: [], comparisons: [], required: [], known: () => never, decide: async () => never }

/** Compiles a list of steps. Every id is unique in the playbook, so that `steps.<id>` means one thing. */
export function compileSteps(raw: Json | undefined, path: Path, reading: Reading): readonly Step[] {
  if (reading.depth > maxDepth) {
    fail(reading, 'depth', `steps nest at most ${maxDepth} deep`, path, 'call another playbook instead')
    return []
  }
  return asList(raw).map((one, index) => compileStep(one, [...path, index], reading))
}

function compileStep(raw: JsonObject, path: Path, reading: Reading): Step {
  const id = String(raw.id)
  if (reading.steps.has(id)) fail(reading, 'duplicate-step', `there are two steps "${id}"`, [...path, 'id'])
  const kind = [...keysOf.keys()].find((key) => raw[key] !== undefined) ?? 'stop'
  for (const key of Object.keys(raw)) {
    if (everywhere.includes(key) || key === kind || keysOf.get(kind)?.includes(key)) continue
    const hint = `beside "${kind}" there may be: ${[...everywhere, ...(keysOf.get(kind) ?? [])].join(', ')}`
    fail(reading, 'form', `"${key}" says nothing in a step with "${kind}"`, [...path, key], hint, 'key')
  }
  const isBranch = raw.then !== undefined
  const head = {
    id,
    title: String(raw.title ?? raw.id),
    place: reading.document.place([...path, 'id']),
    when: isBranch ? null : readCondition(reading, raw.if, [...path, 'if']),
    onError: onErrorOf(raw.onError),
  }
  const step = bodyOf(raw, path, reading, head)
  reading.steps.add(id)
  return step
}

type Head = Pick<Step, 'id' | 'title' | 'place' | 'when' | 'onError'>

function bodyOf(raw: JsonObject, path: Path, reading: Reading, head: Head): Step {
  const inside = { ...reading, depth: reading.depth + 1 }
  const at = (key: string) => [...path, key]
  if (raw.forEach !== undefined) return forEachOf(raw, path, reading, head)
  if (raw.action !== undefined) return compileAction(raw, path, reading, head)
  if (raw.then !== undefined) {
    const when = readCondition(reading, raw.if, at('if')) ?? noCondition
    const cases = [{ when, steps: compileSteps(raw.then, at('then'), inside) }]
    return { ...head, kind: 'branch', cases, otherwise: compileSteps(raw.else, at('else'), inside) }
  }
  if (raw.switch !== undefined) {
    const cases = asList(raw.switch).map((one, index) => ({
      when: readCondition(reading, one.when, [...path, 'switch', index, 'when']) ?? noCondition,
      steps: compileSteps(one.steps, [...path, 'switch', index, 'steps'], inside),
    }))
    return { ...head, kind: 'branch', cases, otherwise: compileSteps(raw.default, at('default'), inside) }
  }
  if (raw.parallel !== undefined) {
    const branches = asList(raw.parallel).map((one, index) => ({
      id: String(one.id),
      steps: compileSteps(one.steps, [...path, 'parallel', index, 'steps'], inside),
    }))
    const join = raw.join === 'any' ? 1 : typeof raw.join === 'number' ? raw.join : branches.length
    if (join > branches.length) fail(reading, 'join', `there are only ${branches.length} branches`, at('join'))
    return { ...head, kind: 'parallel', branches, join }
  }
  if (raw.while !== undefined) {
    const condition = readCondition(reading, raw.while, at('while')) ?? noCondition
    return { ...head, kind: 'while', condition, max: Number(raw.max), steps: compileSteps(raw.do, at('do'), inside) }
  }
  if (raw.call !== undefined) {
    const inputs = readValue(reading, raw.with ?? {}, at('with'))
    return { ...head, kind: 'call', playbook: String(raw.call), inputs }
  }
  if (raw.wait !== undefined)
    return {
      ...head,
      kind: 'wait',
      forMs: readDuration(reading, raw.wait, at('wait')),
      signal: null,
      onTimeout: 'continue',
    }
  if (raw.waitFor !== undefined)
    return {
      ...head,
      kind: 'wait',
      forMs: readDuration(reading, raw.timeout, at('timeout')),
      signal: String(raw.waitFor),
      onTimeout: raw.onTimeout === 'continue' ? 'continue' : 'fail',
    }
  if (raw.ask !== undefined) return askOf(raw, path, reading, head)
  if (raw.set !== undefined) {
    const values = readValue(reading, raw.set, at('set'))
    for (const name of Object.keys(asObject(raw.set))) reading.variables.add(name)
    reading.variableSteps.add(head.id)
    return { ...head, kind: 'set', values }
  }
  if (raw.task !== undefined) return { ...head, kind: 'task', task: readValue(reading, raw.task, at('task')) }
  return { ...head, kind: 'stop', status: raw.stop === 'failed' ? 'failed' : 'stopped' }
}

function forEachOf(raw: JsonObject, path: Path, reading: Reading, head: Head): Step {
  const as = typeof raw.as === 'string' ? raw.as : 'item'
  if (reservedNames.has(as) || reading.locals.has(as))
    fail(reading, 'item-name', `"${as}" means something else here`, [...path, 'as'], 'choose another name')
  const list = readValue(reading, raw.forEach ?? null, [...path, 'forEach'])
  const inside = { ...reading, depth: reading.depth + 1, locals: new Set([...reading.locals, as]) }
  const short = raw.do === undefined
  const steps = short
    ? [compileAction(raw, path, inside, { ...head, when: null })]
    : compileSteps(raw.do, [...path, 'do'], inside)
  const max = typeof raw.max === 'number' ? raw.max : defaultMaxItems
  const concurrency = typeof raw.concurrency === 'number' ? raw.concurrency : 1
  return { ...head, kind: 'forEach', list, as, max, concurrency, steps, short }
}

function askOf(raw: JsonObject, path: Path, reading: Reading, head: Head): Step {
  const options = (Array.isArray(raw.options) ? (raw.options as readonly Json[]) : []).map(String)
  const to = asObject(raw.to)
  const onExpiry = typeof raw.onExpiry === 'string' && raw.onExpiry !== 'fail' ? raw.onExpiry : null
  if (onExpiry !== null && !options.includes(onExpiry))
    fail(
      reading,
      'option',
      `"${onExpiry}" is none of the options`,
      [...path, 'onExpiry'],
      `there are: ${options.join(', ')}`,
    )
  return {
    ...head,
    kind: 'ask',
    question: readValue(reading, raw.ask ?? '', [...path, 'ask']),
    options,
    to: { roles: (Array.isArray(to.roles) ? (to.roles as readonly Json[]) : ['responder']).map(String), quorum: 1 },
    expiresMs: readDuration(reading, raw.expires, [...path, 'expires']),
    onExpiry,
  }
}

function onErrorOf(raw: Json | undefined): OnError {
  if (raw === 'continue') return { kind: 'continue' }
  const { goto } = asObject(raw)
  return typeof goto === 'string' ? { kind: 'goto', block: goto } : { kind: 'stop' }
}
