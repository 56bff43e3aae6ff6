import { isObject, type Json, type JsonObject } from '../model/index.ts'
import type { Playbook, Step } from './language.ts'
import type { RunRecord, StepResult } from './record.ts'
import type { Standing } from './standing.ts'

/** Where the steps of a block stand: what their paths begin with, and what they see. */
export interface Frame {
  readonly prefix: string
  /** What the paths of the whole playbook begin with. */
  readonly root: string
  readonly variableSteps: ReadonlySet<string>
  /** Prefixes whose results are seen, outermost first. */
  readonly prefixes: readonly string[]
  readonly locals: JsonObject
  readonly inputs: JsonObject
  /** Path of the one step of a short `forEach`, which is its item's. */
  readonly fixedPath: string | null
  readonly depth: number
}

/** A run while it is being advanced. */
export interface Run {
  readonly playbooks: ReadonlyMap<string, Playbook>
  readonly record: RunRecord
  readonly results: Map<string, StepResult>
  readonly fresh: StepResult[]
  /** Goes through a list of steps. */
  readonly walk: (run: Run, steps: readonly Step[], frame: Frame) => Promise<Standing>
}

/** The run to look around in: what is decided there is not kept. */
export const aside = (run: Run): Run => ({ ...run, results: new Map(run.results), fresh: [] })

/** The frame of a whole playbook. */
export function rootFrame(playbook: Playbook, root: string, inputs: JsonObject, depth: number): Frame {
  const { variableSteps } = playbook
  return { prefix: root, root, variableSteps, prefixes: [root], locals: {}, inputs, fixedPath: null, depth }
}

/** The frame of a block inside another. */
export function frameOf(frame: Frame, prefix: string, locals: JsonObject, fixedPath: string | null): Frame {
  const prefixes = prefix === frame.prefix ? frame.prefixes : [...frame.prefixes, prefix]
  return { ...frame, prefix, prefixes, locals: { ...frame.locals, ...locals }, fixedPath }
}

/** What the values of a step see. */
export function scopeOf(run: Run, frame: Frame): JsonObject {
  const steps = seenSteps(run, frame.prefixes)
  return { incident: run.record.facts, inputs: frame.inputs, vars: variables(run, frame), steps, ...frame.locals }
}

/** What the conditions of a step see: the incident's facts by their own names, the rest under its root. */
export const factsOf = (run: Run, frame: Frame): JsonObject => {
  const { incident: _incident, ...others } = scopeOf(run, frame)
  return { ...run.record.facts, ...others }
}

const isStepId = (name: string) => /^[a-z0-9_-]+$/.test(name)

/** Results of the steps right under these prefixes, the inner ones before the outer. */
export function seenSteps(run: Run, prefixes: readonly string[]): Record<string, Json> {
  const steps: Record<string, Json> = Object.create(null)
  for (const prefix of prefixes) {
    for (const { path, status, output } of run.results.values()) {
      const name = path.startsWith(prefix) ? path.slice(prefix.length) : ''
      if (isStepId(name)) steps[name] = { status, output }
    }
  }
  return steps
}

/** Variables as the latest `set` of this playbook left them, in whatever turn or item it stood. */
function variables(run: Run, frame: Frame): Record<string, Json> {
  const vars: Record<string, Json> = Object.create(null)
  for (const { path, status, output } of run.results.values()) {
    if (status !== 'done' || !path.startsWith(frame.root) || !isObject(output)) continue
    const segments = path.slice(frame.root.length).split('/')
    const isHere = segments.slice(0, -1).every((segment) => /[\]#]/.test(segment))
    if (isHere && frame.variableSteps.has(segments.at(-1) ?? '')) Object.assign(vars, output)
  }
  return vars
}
