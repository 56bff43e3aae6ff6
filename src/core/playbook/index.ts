export { type NextStep, nextStep, type RunRecord, type StepResult } from './next-step.ts'
export {
  type ActionStep,
  compilePlaybook,
  type IncidentChange,
  incidentChanges,
  type KnownAction,
  type Playbook,
  type Step,
} from './playbook.ts'
export { type Trigger, triggersOf } from './trigger.ts'
