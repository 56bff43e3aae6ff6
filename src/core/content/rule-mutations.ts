import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { replaced } from './mutations.ts'

type Path = readonly (string | number)[]

/** One way to break a rule. */
export interface RuleMutation {
  /** What was done, in words. */
  readonly name: string
  readonly path: Path
  readonly value: JsonObject
}

const maxMutations = 100
const maxPerList = 10

/**
 * Breaks a detection rule in every way that is known here, one at a time and at most a hundred: modifiers turned, values
 * changed or forgotten, members and filters left out, the condition turned round.
 */
export function ruleMutationsOf(rule: JsonObject): readonly RuleMutation[] {
  const detection = isObject(rule.detection) ? rule.detection : {}
  const found: RuleMutation[] = []
  const original = JSON.stringify(rule)
  const add = (name: string, path: Path, next: Json | undefined) => {
    const value = replaced(rule, path, next)
    if (isObject(value) && JSON.stringify(value) !== original && found.length < maxMutations)
      found.push({ name, path, value })
  }
  if (typeof detection.condition === 'string') ofCondition(detection.condition, ['detection', 'condition'], add)
  for (const [name, search] of Object.entries(detection))
    if (name !== 'condition') ofSearch(name, search, ['detection', name], add)
  return found
}

type Add = (name: string, path: Path, next: Json | undefined) => void

/** `not x`, `not (x or y)`, `not 1 of x*` after "and". */
const exclusion = / and not (?:\([^()]*\)|(?:1|all|any) of [\w*]+|[\w-]+)/g

function ofCondition(condition: string, path: Path, add: Add): void {
  add('turn the condition round', path, `not (${condition})`)
  for (const { 0: text, index } of condition.matchAll(exclusion))
    add(`drop "${text.trim()}"`, path, condition.slice(0, index) + condition.slice(index + text.length))
  for (const [from, to] of [
    ['and', 'or'],
    ['or', 'and'],
    ['1 of', 'all of'],
    ['all of', '1 of'],
  ] as const)
    for (const { index } of condition.matchAll(new RegExp(`\\b${from}\\b`, 'g')))
      add(`"${to}" for "${from}"`, path, condition.slice(0, index) + to + condition.slice(index + from.length))
}

function ofSearch(name: string, search: Json, path: Path, add: Add): void {
  if (Array.isArray(search)) {
    const items = search as readonly Json[]
    for (const [index, item] of items.slice(0, maxPerList).entries()) {
      if (items.length > 1) add(`forget part ${index + 1} of ${name}`, [...path, index], undefined)
      if (isObject(item)) ofMembers(item, [...path, index], add)
    }
  } else if (isObject(search)) ofMembers(search, path, add)
}

function ofMembers(members: JsonObject, path: Path, add: Add): void {
  const keys = Object.keys(members)
  for (const key of keys) {
    if (keys.length > 1) add(`leave out ${key}`, [...path, key], undefined)
    for (const turned of turnedKeys(key)) add(`"${turned}" for "${key}"`, path, renamed(members, key, turned))
    ofValue(key, members[key] ?? null, [...path, key], add)
  }
}

const opposites: Readonly<Record<string, string>> = {
  contains: 'startswith',
  startswith: 'endswith',
  endswith: 'startswith',
  gt: 'lt',
  gte: 'lt',
  lt: 'gt',
  lte: 'gt',
}

/** The key with one modifier turned, or without `all`. */
function turnedKeys(key: string): readonly string[] {
  const [field = '', ...modifiers] = key.split('|')
  return modifiers.flatMap((modifier, index) => {
    const other = opposites[modifier]
    if (modifier === 'all') return [[field, ...modifiers.toSpliced(index, 1)].join('|')]
    return other === undefined ? [] : [[field, ...modifiers.with(index, other)].join('|')]
  })
}

function ofValue(key: string, value: Json, path: Path, add: Add): void {
  if (Array.isArray(value)) {
    const items = value as readonly Json[]
    if (items.length > 1)
      for (const [index, item] of items.slice(0, maxPerList).entries())
        add(`forget ${JSON.stringify(item)} of ${key}`, [...path, index], undefined)
    else if (items[0] !== undefined) ofValue(key, items[0], [...path, 0], add)
  } else if (typeof value === 'boolean') add(`turn ${key} round`, path, !value)
  else if (typeof value === 'number') add(`another number in ${key}`, path, value + 1)
  else if (typeof value === 'string' && value !== '') add(`another text in ${key}`, path, `x${value}`)
}

const renamed = (members: JsonObject, from: string, to: string): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name === from ? to : name, value]))
