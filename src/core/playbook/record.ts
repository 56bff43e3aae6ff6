import type { Fact, Json, JsonObject } from '../model/index.ts'
import type { ActionStep, AskStep, Step, TaskStep, WaitStep } from './language.ts'

/** How a step, or one item of it, ended; `decided` is a choice that a block made and keeps to. */
export interface StepResult {
  readonly path: string
  readonly status: 'done' | 'skipped' | 'denied' | 'failed' | 'decided'
  readonly output: Json
  readonly sentence: string
}

/** Everything a decision about a run depends on. */
export interface RunRecord {
  readonly results: readonly StepResult[]
  /** The incident's facts as they are now. */
  readonly facts: JsonObject
  readonly inputs: JsonObject
  /** Paths of steps that are under way: a block that has ended otherwise still waits for them. */
  readonly started: ReadonlySet<string>
  /** Why a person ended the run; nothing but `finally` is done then. */
  readonly cancelled: string | null
}

interface Todo<K extends string, S extends Step> {
  readonly kind: K
  readonly path: string
  readonly step: S
  /** What decided that this step is taken. */
  readonly why: readonly Fact[]
}

/** Something that the world has to do before the run can go on. */
export type NextStep =
  | (Todo<'action', ActionStep> & { readonly inputs: JsonObject })
  | (Todo<'task', TaskStep> & { readonly title: string })
  | (Todo<'ask', AskStep> & { readonly question: string })
  | Todo<'wait', WaitStep>

/** The end of a run. */
export interface RunEnd {
  readonly status: 'completed' | 'failed' | 'stopped' | 'cancelled'
  readonly sentence: string
  readonly outputs: JsonObject
}

/** What follows from a record: results that need nobody, what is to be done next, or the end. */
export interface Advance {
  readonly results: readonly StepResult[]
  readonly next: readonly NextStep[]
  readonly end: RunEnd | null
}
