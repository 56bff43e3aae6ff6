export { areApart } from './apart.ts'
export { type AlertBrief, briefOfAlert, briefOfIncident, type IncidentBrief } from './brief.ts'
export { applyByHand, type Because, type ByHand, type DoneByHand } from './by-hand.ts'
export { aggregationMs, correlate } from './correlate.ts'
export { entityKeys } from './entity-index.ts'
export { alertRecord, incidentFactNames, incidentFacts } from './facts.ts'
export { underOneName } from './one-name.ts'
export { type Holding, letGo, type Recall, recallFor } from './recall.ts'
export {
  type CorrelationRules,
  compileEscalation,
  compileGrouping,
  compileSuppression,
  durationMs,
  type EscalationRule,
  type GroupingRule,
  type SuppressionRule,
} from './rules.ts'
export type { Correlated } from './settle.ts'
export {
  type Changes,
  type CorrelationState,
  createState,
  horizonMs,
  isOpen,
  metaOf,
  type NumberedDecision,
  putIncident,
  rememberAlert,
  rememberIncident,
  restoreState,
  stateOf,
  takeChanges,
} from './state.ts'
export { tacticOrder, titleOf } from './title.ts'
export { takeOver, type Worked, workedOf } from './work.ts'
