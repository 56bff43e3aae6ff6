import type { Comparison, Condition } from '../condition/index.ts'
import { formatPlace, type Place } from '../model/index.ts'
import { anything, either, missing, type Type, type TypeScope, typeAlong, without } from '../template/index.ts'
import { incidentFactTypes } from './fact-types.ts'

/** What is known at one point of a playbook, on every way that leads there. */
export interface Knowledge {
  /** `steps.<id>`, `vars.<name>`, `inputs.<name>`, names of items: what they are; a name that is not here is not there. */
  readonly names: ReadonlyMap<string, Type>
  /** What conditions have shown, by dotted path. */
  readonly shown: ReadonlyMap<string, Type>
  /** The choices that led here. */
  readonly trail: readonly Place[]
  /** The least time that has passed. */
  readonly elapsedMs: number
}

const maxTrail = 12

export const start = (names: Iterable<readonly [string, Type]>): Knowledge => ({
  names: new Map(names),
  shown: new Map(),
  trail: [],
  elapsedMs: 0,
})

/** The same, one choice further. */
export const choose = (known: Knowledge, place: Place): Knowledge => ({
  ...known,
  trail: [...known.trail, place].slice(-maxTrail),
})

export const learn = (known: Knowledge, name: string, type: Type): Knowledge => ({
  ...known,
  names: new Map([...known.names, [name, type]]),
  shown: new Map([...known.shown].filter(([path]) => path !== name && !path.startsWith(`${name}.`))),
})

/** Where two ways meet: what is known on only one of them may be missing, and the other way is told. */
export function meet(a: Knowledge, b: Knowledge): Knowledge {
  const names = new Map<string, Type>()
  for (const name of new Set([...a.names.keys(), ...b.names.keys()]))
    names.set(name, either(a.names.get(name) ?? notOn(a), b.names.get(name) ?? notOn(b)))
  const shown = new Map<string, Type>()
  for (const [path, type] of a.shown) {
    const other = b.shown.get(path)
    if (other !== undefined) shown.set(path, either(type, other))
  }
  const trail = a.trail.length <= b.trail.length ? a.trail : b.trail
  return { names, shown, trail, elapsedMs: Math.min(a.elapsedMs, b.elapsedMs) }
}

const notOn = ({ trail }: Knowledge) =>
  missing(`it is not there on the way ${trail.map(formatPlace).join(' > ') || 'from the start'}`)

/** The types of expressions' names. */
export const scopeOfTypes =
  (known: Knowledge): TypeScope =>
  (path) =>
    typeAt(known, path)

/** The type of a dotted path; facts of the incident stand under `incident` in values and by themselves in conditions. */
export function typeAt(known: Knowledge, path: readonly string[]): Type {
  const shown = known.shown.get(path.join('.'))
  if (shown !== undefined) return shown
  const [root = '', name = '', ...rest] = path
  if (root === 'incident') return name === '' ? anything : factAt(known, name, rest)
  if (Object.hasOwn(incidentFactTypes, root)) return factAt(known, root, path.slice(1))
  if (root === 'steps' || root === 'vars' || root === 'inputs') {
    if (name === '') return anything
    const owner = known.names.get(`${root}.${name}`) ?? missing(`nothing has made "${root}.${name}" yet`)
    return along(known, `${root}.${name}`, owner, rest)
  }
  return along(known, root, known.names.get(root) ?? missing(`"${root}" is not known here`), path.slice(1))
}

function factAt(known: Knowledge, name: string, rest: readonly string[]): Type {
  const type = known.shown.get(name) ?? incidentFactTypes[name]
  return type === undefined ? missing(`an incident has no "${name}"`) : typeAlong(type, rest)
}

/** Goes along a path; what is shown of a part of it holds from there. */
function along(known: Knowledge, base: string, type: Type, rest: readonly string[]): Type {
  let at = base
  let current = known.shown.get(base) ?? type
  for (const name of rest) {
    at = `${at}.${name}`
    current = known.shown.get(at) ?? typeAlong(current, [name])
  }
  return current
}

/** What is known where a condition holds. */
export function where(known: Knowledge, condition: Condition | null): Knowledge {
  return (condition?.required ?? []).reduce(whereOne, known)
}

function whereOne(known: Knowledge, { fact, operator, value }: Comparison): Knowledge {
  const seen = typeAt(known, fact.split('.'))
  if (operator === 'exists' && value === false) return known
  let type = without(seen, 'null', 'undefined')
  const values = operator === 'equal' ? [value] : operator === 'in' && Array.isArray(value) ? value : null
  if (values !== null)
    type = { ...type, values: type.values === null ? values : type.values.filter((one) => values.includes(one)) }
  return show(known, fact, type)
}

/** What is known where a condition does not hold: something only when it is one comparison. */
export function whereNot(known: Knowledge, condition: Condition): Knowledge {
  const [only, ...more] = condition.comparisons
  if (only === undefined || more.length > 0 || condition.required.length !== 1) return known
  const seen = typeAt(known, only.fact.split('.'))
  const isOptional = seen.kinds.has('null') || seen.kinds.has('undefined')
  if (only.operator === 'equal' && seen.values !== null && !isOptional)
    return show(known, only.fact, { ...seen, values: seen.values.filter((one) => one !== only.value) })
  return known
}

/** A step whose status is shown to be `done` has its output. */
function show(known: Knowledge, path: string, type: Type): Knowledge {
  const shown = new Map([...known.shown, [path, type]])
  const step = /^(steps\.[^.]+)\.status$/.exec(path)?.[1]
  if (step !== undefined && type.values?.length === 1 && type.values[0] === 'done') {
    const output = typeAt(known, [...step.split('.'), 'output'])
    shown.set(`${step}.output`, without(output, 'null', 'undefined'))
  }
  return { ...known, shown }
}
