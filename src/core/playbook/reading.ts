import { type Condition, compileCondition } from '../condition/index.ts'
import { durationMs, incidentFactNames } from '../correlate/index.ts'
import { type Document, didYouMean, type Json, type JsonObject, type Problem, problem } from '../model/index.ts'
import { anything, compileValue, type Value } from '../template/index.ts'
import type { KnownAction } from './language.ts'

export type Path = readonly (string | number)[]

/** What the steps read so far have made known, and where the problems go. */
export interface Reading {
  readonly document: Document
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly problems: Problem[]
  /** Ids of the steps that stand above, in the order of the file. */
  readonly steps: Set<string>
  readonly variables: Set<string>
  readonly variableSteps: Set<string>
  readonly inputs: ReadonlySet<string>
  /** Names of the items of the loops around, and `failure` where one is handled. */
  readonly locals: ReadonlySet<string>
  readonly depth: number
}

/** Stands where a value could not be compiled. */
export const noValue: Value = {
  paths: [],
  render: () => ({ ok: false, problems: [] }),
  infer: () => ({ type: anything, problems: [] }),
}
const roots = ['incident', 'steps', 'vars', 'inputs']
/** Names that loops cannot take for their items. */
export const reservedNames: ReadonlySet<string> = new Set([...roots, 'failure', ...incidentFactNames])

export function fail(reading: Reading, code: string, message: string, path: Path, hint?: string, part?: 'key'): void {
  reading.problems.push(problem(`playbook/${code}`, message, reading.document.place(path, part), hint))
}

/** A value whose expressions name only what is known here. */
export function readValue(reading: Reading, raw: Json, path: Path): Value {
  const compiled = compileValue(
    raw,
    (inner, part) => reading.document.place([...path, ...inner], part),
    new Set([...roots, ...reading.locals]),
  )
  if (!compiled.ok) {
    reading.problems.push(...compiled.problems)
    return noValue
  }
  for (const one of compiled.value.paths) checkReference(reading, one, path)
  return compiled.value
}

/** A condition over the incident's facts, and over `steps`, `vars`, `inputs` and items by dotted path. */
export function readCondition(reading: Reading, raw: Json | undefined, path: Path): Condition | null {
  if (raw === undefined) return null
  const isRoot = (name: string) => {
    const [root = ''] = name.split('.')
    return root !== 'incident' && (roots.includes(root) || reading.locals.has(root))
  }
  const known = {
    has: (name: string) => incidentFactNames.has(name) || isRoot(name),
    [Symbol.iterator]: () => incidentFactNames[Symbol.iterator](),
  }
  const compiled = compileCondition(raw, (inner, part) => reading.document.place([...path, ...inner], part), known)
  if (!compiled.ok) {
    reading.problems.push(...compiled.problems)
    return null
  }
  for (const one of compiled.value.paths) if (isRoot(one)) checkReference(reading, one, path)
  return compiled.value
}

/** A duration that has to be there; 0 after a problem. */
export function readDuration(reading: Reading, raw: Json | undefined, path: Path): number {
  const ms = durationMs(raw)
  if (ms === null) fail(reading, 'duration', `"${String(path.at(-1))}" is a duration like 30m, 8h or 7d`, path)
  return ms ?? 0
}

function checkReference(reading: Reading, reference: string, path: Path): void {
  const [root = '', name = ''] = reference.split('.')
  const check = (known: ReadonlySet<string>, code: string, message: string) => {
    if (!known.has(name)) fail(reading, code, message, path, didYouMean(name, known))
  }
  if (root === 'incident' && name !== '') check(incidentFactNames, 'unknown-fact', `an incident has no "${name}"`)
  if (root === 'steps') check(reading.steps, 'unknown-step', `no earlier step is called "${name}"`)
  if (root === 'vars') check(reading.variables, 'unknown-variable', `no earlier step sets "${name}"`)
  if (root === 'inputs') check(reading.inputs, 'unknown-input', `the playbook declares no input "${name}"`)
}

export const asObject = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
export const asList = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(asObject) : []
