import type { NewTask, TimelineEntry } from '../cases/index.ts'
import type { AuditEntry } from '../store/index.ts'
import type { Artifact } from './write-artifact.ts'
import type { CallEnd, CallRow } from './write-calls.ts'
import type { EffectState, Intent } from './write-effects.ts'
import type { QuestionRow } from './write-questions.ts'
import type { RunState } from './write-runs.ts'
import type { StepRow } from './write-steps.ts'
import type { TurnRow } from './write-turns.ts'
import type { WaitChange } from './write-waits.ts'

/** What the turns of a round leave to be written at its end, each kind of row in one statement. */
export interface Writes {
  readonly turns: TurnRow[]
  readonly steps: StepRow[]
  readonly intents: Intent[]
  /** How effects stand now, by id; the last word holds. */
  readonly effects: Map<string, EffectState>
  readonly calls: CallRow[]
  readonly callEnds: CallEnd[]
  /** Files of simulated effects, by run. */
  readonly artifacts: Map<string, Artifact>
  readonly questions: QuestionRow[]
  /** Questions that no longer matter. */
  readonly voided: Set<string>
  readonly waits: WaitChange[]
  /** How runs stand now, by id; the last word holds. */
  readonly runs: Map<string, RunState>
  readonly tasks: NewTask[]
  readonly timeline: TimelineEntry[]
  readonly audit: AuditEntry[]
}

export const noWrites = (): Writes => ({
  turns: [],
  steps: [],
  intents: [],
  effects: new Map(),
  calls: [],
  callEnds: [],
  artifacts: new Map(),
  questions: [],
  voided: new Set(),
  waits: [],
  runs: new Map(),
  tasks: [],
  timeline: [],
  audit: [],
})
