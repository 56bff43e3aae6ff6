export { aggregationMs, type Correlated, correlate } from './correlate.ts'
export { alertRecord, incidentFactNames, incidentFacts } from './facts.ts'
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
export {
  type CorrelationState,
  createState,
  horizonMs,
  isOpen,
  metaOf,
  putIncident,
  restoreState,
  takeChanges,
} from './state.ts'
export { tacticOrder } from './title.ts'
export { takeOver } from './work.ts'
