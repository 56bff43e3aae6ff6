import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { incidentFactTypes, type KnownAction } from '../playbook/index.ts'
import { ofRepetition } from './repetition-mutations.ts'
import { scaledDuration } from './scaled-duration.ts'

type Path = readonly (string | number)[]

/** One way to break a playbook. */
export interface Mutation {
  /** What was done, in words. */
  readonly name: string
  /** Whether it makes the playbook more dangerous, not only different. */
  readonly safety: boolean
  readonly path: Path
  readonly value: JsonObject
  /** What the integrations declare, when that is what was broken. */
  readonly actions?: ReadonlyMap<string, KnownAction>
}

/** Breaks a playbook in every way that the operators below know, one at a time. */
export function mutationsOf(playbook: JsonObject, actions: ReadonlyMap<string, KnownAction>): readonly Mutation[] {
  const found: Mutation[] = []
  const add = (name: string, safety: boolean, path: Path, value: Json | undefined) =>
    found.push({ name, safety, path, value: replaced(playbook, path, value) as JsonObject })
  ofWhole(playbook, add)
  for (const { step, path } of stepsOf(playbook)) {
    ofStep(step, path, actions, isLastWord(playbook, path), add)
    ofOrder(playbook, path, add)
  }
  for (const { text, path } of textsOf(playbook, [])) ofText(text, path, add)
  for (const { condition, path } of comparisonsOf(playbook, [])) ofComparison(condition, path, add)
  for (const name of new Set(stepsOf(playbook).map(({ step }) => String(step.action)))) {
    const known = actions.get(name)
    if (known?.hasRollback === true || (known?.irreversible ?? null) !== null) {
      const worse = new Map([...actions, [name, { ...(known as KnownAction), hasRollback: false, irreversible: null }]])
      found.push({ name: `drop the rollback of ${name}`, safety: true, path: [], value: playbook, actions: worse })
    }
  }
  const original = JSON.stringify(playbook)
  return found.filter((one) => one.actions !== undefined || JSON.stringify(one.value) !== original)
}

/** Takes one way to break it: in words, whether it is more dangerous, where, and what stands there then. */
export type Add = (name: string, safety: boolean, path: Path, value: Json | undefined) => void

function ofWhole(playbook: JsonObject, add: Add): void {
  for (const part of ['compensation', 'onFailure', 'finally', 'outputs'])
    if (playbook[part] !== undefined) add(`drop ${part}`, part !== 'outputs', [part], undefined)
  if (isObject(playbook.trigger)) {
    if (playbook.trigger.when !== undefined)
      add('drop the condition of the trigger', true, ['trigger', 'when'], undefined)
    for (const change of ['opened', 'extended', 'escalated'])
      if (Array.isArray(playbook.trigger.on) && !playbook.trigger.on.includes(change))
        add(`start when ${change} too`, false, ['trigger', 'on'], [...(playbook.trigger.on as readonly Json[]), change])
    if (isObject(playbook.trigger.webhook)) ofHook(playbook.trigger.webhook, add)
    ofRepetition(playbook.trigger, add)
  }
}

function ofHook(hook: JsonObject, add: Add): void {
  const path = ['trigger', 'webhook']
  add('take requests of anybody', true, [...path, 'verify'], { scheme: 'none' })
  for (const name of Object.keys(isObject(hook.verify) ? hook.verify : {}))
    if (name === 'secret' || name === 'header')
      add(`drop ${name} of the webhook`, true, [...path, 'verify', name], undefined)
  // Without it the incident is taken from there anyway.
  for (const name of ['when', 'key', 'incident', 'inputs'])
    if (hook[name] !== undefined && hook[name] !== '{{ body.incident }}')
      add(`drop ${name} of the webhook`, name !== 'incident', [...path, name], undefined)
  const inputs = isObject(hook.inputs) ? hook.inputs : {}
  const [a, b] = Object.keys(inputs)
  if (a !== undefined && b !== undefined)
    add(`give ${a} for ${b} and ${b} for ${a}`, true, [...path, 'inputs'], swapped(inputs, a, b))
}

/**
 * Whether a step ends the handling of a failure or the playbook itself. How a run ends has been decided by then, so that it makes
 * no difference whether such a step may fail.
 */
function isLastWord(playbook: JsonObject, path: Path): boolean {
  const isHandling = ['onFailure', 'finally', 'compensation'].includes(String(path[0]))
  const list = at(playbook, path.slice(0, -1))
  return (
    isHandling &&
    path.length === (path[0] === 'compensation' ? 3 : 2) &&
    Array.isArray(list) &&
    path.at(-1) === list.length - 1
  )
}

function ofStep(
  step: JsonObject,
  path: Path,
  actions: ReadonlyMap<string, KnownAction>,
  isLast: boolean,
  add: Add,
): void {
  const id = String(step.id)
  const drop = (key: string, safety: boolean) => {
    if (step[key] !== undefined) add(`drop ${key} of ${id}`, safety, [...path, key], undefined)
  }
  const known = actions.get(String(step.action))
  const acts = known !== undefined && known.effect !== 'read' && known.effect !== 'notify'
  add(`drop the step ${id}`, acts || step.ask !== undefined || step.stop !== undefined, path, undefined)
  drop('approval', true)
  drop('if', true)
  drop('expires', acts)
  drop('else', true)
  drop('default', true)
  if (!isLast) drop('onError', true)
  drop('forEach', true)
  drop('retry', false)
  drop('join', true)
  drop('onExpiry', true)
  if (typeof step.expires === 'string')
    add(`let ${id} last longer`, true, [...path, 'expires'], scaledDuration(step.expires, 10) ?? step.expires)
  if (step.onError === undefined && canFail(step) && !isLast)
    add(`go on after ${id} has failed`, true, [...path, 'onError'], 'continue')
  if (step.onError === 'continue' && !isLast) add(`stop when ${id} has failed`, true, [...path, 'onError'], 'stop')
  if (isObject(step.approval) && typeof step.approval.quorum === 'number' && step.approval.quorum > 1)
    add(`ask fewer people at ${id}`, true, [...path, 'approval', 'quorum'], step.approval.quorum - 1)
  if (step.then !== undefined && step.else !== undefined)
    add(`swap the ways of ${id}`, true, path, swapped(step, 'then', 'else'))
  if (Array.isArray(step.switch) && step.switch.length > 1 && !isExclusive(step.switch as readonly Json[]))
    add(`turn the cases of ${id} round`, true, [...path, 'switch'], [...(step.switch as readonly Json[])].reverse())
  if (isObject(step.if)) add(`turn the condition of ${id} into its opposite`, true, [...path, 'if'], { not: step.if })
  for (const option of Array.isArray(step.options) ? (step.options as readonly Json[]) : [])
    if (option !== step.onExpiry)
      add(`take silence at ${id} for "${String(option)}"`, true, [...path, 'onExpiry'], option)
  if (typeof step.max === 'number') add(`let ${id} go on ten times as far`, true, [...path, 'max'], step.max * 10)
  if (known === undefined) return
  const target = known.target
  const given = isObject(step.with) ? step.with : {}
  if (acts && target !== undefined && given[target] !== undefined) {
    add(`widen the target of ${id} to everything`, true, [...path, 'with', target], '*')
    add(`leave out the target of ${id}`, true, [...path, 'with', target], undefined)
  }
  for (const name of Object.keys(given))
    add(`rename the input ${name} of ${id}`, false, [...path, 'with'], renamed(given, name, `${name}x`))
  for (const [other, { input, effect }] of actions) {
    const takes = isObject(input.properties) ? Object.keys(input.properties) : []
    if (
      other !== step.action &&
      Object.keys(given).length > 0 &&
      Object.keys(given).every((name) => takes.includes(name))
    )
      add(`call ${other} instead at ${id}`, effect !== 'read' && effect !== 'notify', [...path, 'action'], other)
  }
}

/**
 * What can fail, apart from values that cannot be rendered, which the verifier rules out. Silence that means an option, or that
 * a signal may be missing, is no failure: going on after it would change nothing.
 */
function canFail(step: JsonObject): boolean {
  if (step.ask !== undefined) return step.onExpiry === undefined || step.onExpiry === 'fail'
  if (step.waitFor !== undefined) return step.onTimeout !== 'continue'
  return ['action', 'forEach', 'call'].some((key) => step[key] !== undefined)
}

/** Cases that ask one fact for different values: at most one of them holds, in whatever order they stand. */
function isExclusive(cases: readonly Json[]): boolean {
  const asked = cases.map((one) => (isObject(one) && isObject(one.when) ? one.when : {}))
  const [first] = asked
  return (
    asked.every(({ fact, operator }) => fact !== undefined && fact === first?.fact && operator === 'equal') &&
    new Set(asked.map(({ value }) => value)).size === asked.length
  )
}

function ofOrder(playbook: JsonObject, path: Path, add: Add): void {
  const index = path.at(-1)
  const list = at(playbook, path.slice(0, -1))
  if (typeof index !== 'number' || !Array.isArray(list) || index + 1 >= list.length) return
  const items = [...(list as readonly Json[])]
  const [a, b] = [items[index] as Json, items[index + 1] as Json]
  items.splice(index, 2, b, a)
  add(`put ${String(isObject(a) ? a.id : index)} after its successor`, false, path.slice(0, -1), items)
}

/** Facts whose places may be taken by another of the same kind: a victim for an attacker, everybody for somebody. */
const alike = Object.keys(incidentFactTypes).filter((name) => incidentFactTypes[name]?.items?.kinds.has('string'))

function ofText(text: string, path: Path, add: Add): void {
  for (const [, fact = ''] of text.matchAll(/incident\.([A-Za-z]+)/g)) {
    add(`misspell incident.${fact}`, false, path, text.replace(`incident.${fact}`, `incident.${fact.slice(0, -1)}`))
    if (!alike.includes(fact)) continue
    for (const other of ['users', 'hosts', 'targetIps', 'attackerIps', 'accessKeys'])
      if (other !== fact)
        add(
          `take incident.${other} for incident.${fact}`,
          path.includes('with') || path.includes('forEach'),
          path,
          text.replace(`incident.${fact}`, `incident.${other}`),
        )
  }
  for (const [, root = '', name = ''] of text.matchAll(/(steps|vars|inputs|body)\.([A-Za-z0-9_]+)/g))
    add(`misspell ${root}.${name}`, false, path, text.replace(`${root}.${name}`, `${root}.${name}x`))
  for (const [whole] of text.matchAll(/\s*\|\s*default\([^)]*\)/g))
    add('drop a default', false, path, text.replace(whole, ''))
}

const opposites: Readonly<Record<string, string>> = {
  equal: 'notEqual',
  notEqual: 'equal',
  in: 'notIn',
  notIn: 'in',
  contains: 'doesNotContain',
  greaterThan: 'lessThanInclusive',
  greaterThanInclusive: 'lessThan',
  lessThan: 'greaterThanInclusive',
  lessThanInclusive: 'greaterThan',
}

function ofComparison(condition: JsonObject, path: Path, add: Add): void {
  const { fact, operator, value } = condition
  const other = opposites[String(operator)]
  if (other !== undefined) add(`turn ${String(fact)} ${String(operator)} round`, true, [...path, 'operator'], other)
  if (Array.isArray(value) && value.length > 1)
    for (const index of value.keys())
      add(`forget ${JSON.stringify(value[index])} of ${String(fact)}`, false, [...path, 'value', index], undefined)
  if (String(fact) === 'severity' && Array.isArray(value))
    add('take every severity', true, [...path, 'value'], ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])
  if (typeof value === 'number') add(`move the bound of ${String(fact)}`, true, [...path, 'value'], value - 1)
  add(`misspell ${String(fact)}`, false, [...path, 'fact'], `${String(fact)}x`)
  const index = path.at(-1)
  if (typeof index === 'number') add(`leave out ${String(fact)}`, true, path, undefined)
}

const listKeys = ['steps', 'then', 'else', 'do', 'default', 'onFailure', 'finally']

/** Every step of a playbook with its path, wherever it stands. */
function stepsOf(playbook: JsonObject): { step: JsonObject; path: Path }[] {
  const found: { step: JsonObject; path: Path }[] = []
  const visit = (value: Json | undefined, path: Path): void => {
    if (Array.isArray(value)) {
      for (const [index, one] of (value as readonly Json[]).entries()) {
        if (!isObject(one)) continue
        if (one.id !== undefined && one.steps === undefined) found.push({ step: one, path: [...path, index] })
        inside(one, [...path, index])
      }
    }
  }
  const inside = (one: JsonObject, path: Path): void => {
    for (const key of [...listKeys, 'switch', 'parallel']) visit(one[key], [...path, key])
    if (isObject(one.compensation))
      for (const [name, block] of Object.entries(one.compensation)) visit(block, [...path, 'compensation', name])
  }
  inside(playbook, [])
  return found
}

function* textsOf(value: Json, path: Path): Generator<{ text: string; path: Path }> {
  if (typeof value === 'string') {
    if (value.includes('{{')) yield { text: value, path }
  } else if (Array.isArray(value))
    for (const [index, one] of (value as readonly Json[]).entries()) yield* textsOf(one, [...path, index])
  else if (isObject(value)) for (const [key, one] of Object.entries(value)) yield* textsOf(one, [...path, key])
}

function* comparisonsOf(value: Json, path: Path): Generator<{ condition: JsonObject; path: Path }> {
  if (Array.isArray(value))
    for (const [index, one] of (value as readonly Json[]).entries()) yield* comparisonsOf(one, [...path, index])
  else if (isObject(value)) {
    if (typeof value.fact === 'string' && typeof value.operator === 'string') yield { condition: value, path }
    for (const [key, one] of Object.entries(value)) yield* comparisonsOf(one, [...path, key])
  }
}

const at = (value: Json | undefined, path: Path): Json | undefined =>
  path.reduce<Json | undefined>(
    (now, key) => (Array.isArray(now) ? (now as readonly Json[])[Number(key)] : isObject(now) ? now[key] : undefined),
    value,
  )

/** A copy with another value at a path; undefined takes the member or item away. */
export function replaced(value: Json, path: Path, next: Json | undefined): Json {
  const [key, ...rest] = path
  if (key === undefined) return next ?? null
  if (Array.isArray(value)) {
    const items = value as readonly Json[]
    if (rest.length === 0 && next === undefined) return items.filter((_one, index) => index !== key)
    return items.map((one, index) => (index === key ? replaced(one, rest, next) : one))
  }
  const members = isObject(value) ? value : {}
  if (rest.length === 0 && next === undefined)
    return Object.fromEntries(Object.entries(members).filter(([name]) => name !== key))
  return { ...members, [key]: replaced(members[key] ?? null, rest, next) }
}

const swapped = (members: JsonObject, a: string, b: string): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name === a ? b : name === b ? a : name, value]))

const renamed = (members: JsonObject, from: string, to: string): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name === from ? to : name, value]))
