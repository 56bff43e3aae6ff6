import type { Json } from './json.ts'
import type { Place } from './place.ts'

/** What decided: a rule, manifest, playbook or policy, with its place in the repository. */
export interface RuleRef {
  readonly kind:
    | 'detection'
    | 'filter'
    | 'integration'
    | 'correlation'
    | 'pipeline'
    | 'overlay'
    | 'rarity'
    | 'grouping'
    | 'suppression'
    | 'scoring'
    | 'escalation'
    | 'escalation-policy'
    | 'notify'
    | 'approval'
    | 'closing'
    | 'playbook'
    | 'built-in'
  readonly id: string
  readonly title: string
  /** Absent only for `built-in`. */
  readonly place?: Place
}

/** One thing that was seen and counted for a decision. */
export interface Fact {
  readonly name: string
  readonly value: Json
}

/** A decision that explains itself: screens, issues, audit and `explain` print this and invent nothing. */
export interface Decision<Answer extends string = string> {
  readonly answer: Answer
  readonly rule: RuleRef
  readonly facts: readonly Fact[]
  /** One sentence for a person. Values from events stand in it as data and are escaped where it is shown. */
  readonly sentence: string
}
