export { startsAgain } from './again.ts'
export { exportCacao } from './cacao/export.ts'
export { type Imported, importCacao } from './cacao/import.ts'
export { withCalled } from './called.ts'
export { callCircles } from './circles.ts'
export { sharedHooks } from './compile-hook.ts'
export { compilePlaybook } from './compile-playbook.ts'
export { incidentFactTypes } from './fact-types.ts'
export { type HookWish, type PlaybookHook, readHookBody } from './hook.ts'
export { advance } from './interpreter.ts'
export {
  type ActionStep,
  type AskStep,
  everyStep,
  type IncidentChange,
  incidentChanges,
  type KnownAction,
  type Playbook,
  type PlaybookTrigger,
  partsOf,
  type Step,
  type WaitStep,
} from './language.ts'
export {
  type Played,
  type PlayedEffect,
  type PlayedQuestion,
  play,
  readablePath,
  type Script,
  type ScriptedAnswer,
  type Stage,
} from './play.ts'
export type { Advance, NextStep, RunEnd, RunRecord, StepResult } from './record.ts'
export { type Trigger, triggersOf } from './trigger.ts'
export { type Surroundings, verifyPlaybook } from './verify.ts'
