import type { Condition } from '../condition/index.ts'
import type { EffectClass, JsonObject, Place, RuleRef } from '../model/index.ts'
import type { Value } from '../template/index.ts'
import type { PlaybookHook } from './hook.ts'

/** What happened to an incident, as playbooks name it in `trigger.on`. */
export const incidentChanges = ['opened', 'extended', 'escalated'] as const
export type IncidentChange = (typeof incidentChanges)[number]

/** What a failed step does to the run: end it, nothing, or end it by way of a named compensation block. */
export type OnError =
  | { readonly kind: 'stop' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'goto'; readonly block: string }

interface StepHead {
  /** Unique in its playbook; what `steps.<id>` names. */
  readonly id: string
  readonly title: string
  readonly place: Place
  /** A step whose guard does not hold is skipped. */
  readonly when: Condition | null
  readonly onError: OnError
}

/** How often and how patiently a call is repeated before its step has failed. */
export interface Retry {
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Pause before the second call; it doubles from call to call up to `maxMs`, and half of it is jitter. */
  readonly backoffMs: number
  readonly maxMs: number
}

/** Who is asked, how many of them have to agree, and for how long. */
export interface People {
  readonly roles: readonly string[]
  readonly quorum: number
}

/** Calls an action of an integration. */
export interface ActionStep extends StepHead {
  readonly kind: 'action'
  readonly integration: string
  readonly action: string
  readonly inputs: Value
  /** Until when a containment is meant to hold, from when it was made. */
  readonly expiresMs: number | null
  readonly retry: Retry
  readonly timeoutMs: number
  /** People this step asks whatever the policies allow; policies can only add to it. */
  readonly approval: (People & { readonly expiresMs: number }) | null
}

/** Leaves work for an analyst and goes on. */
export interface TaskStep extends StepHead {
  readonly kind: 'task'
  readonly task: Value
}

/** Asks a person to choose; the answer is `steps.<id>.output.answer`. */
export interface AskStep extends StepHead {
  readonly kind: 'ask'
  readonly question: Value
  readonly options: readonly string[]
  readonly to: People
  readonly expiresMs: number
  /** The option that holds when nobody answers; null = the step fails. */
  readonly onExpiry: string | null
}

/** Waits for a time, or for a signal at most that long. */
export interface WaitStep extends StepHead {
  readonly kind: 'wait'
  readonly forMs: number
  readonly signal: string | null
  /** What a signal that does not come means. */
  readonly onTimeout: 'continue' | 'fail'
}

/** Runs another playbook inside this run; its outputs are `steps.<id>.output`. */
export interface CallStep extends StepHead {
  readonly kind: 'call'
  readonly playbook: string
  readonly inputs: Value
}

/** Gives variables values: `vars.<name>`. */
export interface SetStep extends StepHead {
  readonly kind: 'set'
  readonly values: Value
}

/** One way or another; `switch` has as many ways as it likes, the first whose condition holds is taken. */
export interface BranchStep extends StepHead {
  readonly kind: 'branch'
  readonly cases: readonly { readonly when: Condition; readonly steps: readonly Step[] }[]
  readonly otherwise: readonly Step[]
}

/** Branches side by side. `join` is how many have to end well; the others are then not gone on with. */
export interface ParallelStep extends StepHead {
  readonly kind: 'parallel'
  readonly branches: readonly { readonly id: string; readonly steps: readonly Step[] }[]
  readonly join: number
}

/** The same steps for each of a bounded list. */
export interface ForEachStep extends StepHead {
  readonly kind: 'forEach'
  readonly list: Value
  /** Name under which the steps see their item. */
  readonly as: string
  /** A longer list fails the step: a person has to choose. */
  readonly max: number
  readonly concurrency: number
  readonly steps: readonly Step[]
  /** Whether it is the short form of one step with `forEach`, whose results stand under the item itself. */
  readonly short: boolean
}

/** The same steps while a condition holds, at most `max` times. */
export interface WhileStep extends StepHead {
  readonly kind: 'while'
  readonly condition: Condition
  readonly max: number
  readonly steps: readonly Step[]
}

/** Ends the run. */
export interface StopStep extends StepHead {
  readonly kind: 'stop'
  readonly status: 'stopped' | 'failed'
}

export type Step =
  | ActionStep
  | TaskStep
  | AskStep
  | WaitStep
  | CallStep
  | SetStep
  | BranchStep
  | ParallelStep
  | ForEachStep
  | WhileStep
  | StopStep

/** What sets a playbook off. `when` is asked about the incident whenever a machine starts it; a person or a calling playbook decides by itself. */
export interface PlaybookTrigger {
  readonly on: readonly IncidentChange[]
  readonly when: Condition | null
  /** Looks at open incidents that often. */
  readonly everyMs: number | null
  /** Whether a person may start it. */
  readonly manual: boolean
  /** The webhook that starts it for an incident. */
  readonly webhook: PlaybookHook | null
  /** `incident`: once for each incident; `change`: each time. */
  readonly once: 'incident' | 'change'
  /** The least time between two starts for one incident. */
  readonly cooldownMs: number
}

/** A response procedure, compiled. */
export interface Playbook {
  readonly id: string
  readonly title: string
  readonly owner: string
  readonly ref: RuleRef
  readonly trigger: PlaybookTrigger
  readonly deadlineMs: number
  /** JSON Schema of an object: what a caller or a person gives. */
  readonly inputs: JsonObject
  readonly steps: readonly Step[]
  /** Blocks that `onError: { goto: name }` goes on with. */
  readonly compensation: ReadonlyMap<string, readonly Step[]>
  readonly onFailure: readonly Step[]
  readonly finally: readonly Step[]
  /** What a caller gets. */
  readonly outputs: Value
  /** Ids of the `set` steps, which are what writes variables. */
  readonly variableSteps: ReadonlySet<string>
}

/** What is known of an action when playbooks are checked. */
export interface KnownAction {
  readonly effect: EffectClass
  /** JSON Schemas of an object. */
  readonly input: JsonObject
  readonly output?: JsonObject
  /** The input that names what is acted on. */
  readonly target?: string
  readonly hasRollback?: boolean
  /** Why there is no way back. */
  readonly irreversible?: string | null
}

/** `forEach` over more than this is refused where the step says nothing: nobody means to suspend a whole company. */
export const defaultMaxItems = 10

/** The steps right inside a step, with the name of the part that they stand in. */
export function partsOf(step: Step): readonly { readonly name: string; readonly steps: readonly Step[] }[] {
  switch (step.kind) {
    case 'branch':
      return [
        ...step.cases.map((one, index) => ({ name: `case ${index + 1}`, steps: one.steps })),
        { name: 'otherwise', steps: step.otherwise },
      ]
    case 'parallel':
      return step.branches.map((one) => ({ name: one.id, steps: one.steps }))
    case 'forEach':
    case 'while':
      return [{ name: 'do', steps: step.steps }]
    default:
      return []
  }
}

/** A list of steps and everything inside them, in the order of the file. */
export function* everyStep(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    for (const part of partsOf(step)) yield* everyStep(part.steps)
  }
}
