export { type Containment, readContainments, undoPath } from './containment.ts'
export {
  type ContainmentEntry,
  type ContainmentFile,
  containmentText,
  parseContainment,
  readableText,
} from './containment-file.ts'
export { type Evidence, readEvidence } from './evidence.ts'
export { explainAlertText, explainIncidentText } from './explain-text.ts'
export { outcomeOf, renderIncidentText, type TextOptions } from './incident-text.ts'
export {
  addIndicator,
  createIndicatorBook,
  type IndicatorBook,
  listIndicators,
  type NamedIndicator,
  type NewIndicator,
  removeIndicator,
} from './indicators.ts'
export { loadBriefs, readAlerts, recallFrom, takeWork } from './load.ts'
export { code, fenced, headline, prose, table } from './markdown.ts'
export { type Merge, mergesOf, mergeWork } from './merge-work.ts'
export { type Metrics, metrics, type Range, type Spread, spread, type Times } from './metrics.ts'
export { type Change, type ChangeRequest, changeIncident, changeIncidentIn } from './people.ts'
export {
  type ApprovalView,
  type CaseFile,
  type EffectView,
  type IncidentFilter,
  listIncidents,
  type RunView,
  readCase,
  readIncident,
  readIncidents,
  type Task,
} from './read.ts'
export { markdownOf, type ReportFiles, reportOf } from './report.ts'
export { type AlertEvent, saveAlerts, saveIncidents, writeIncidents } from './save.ts'
export { comparedIncidents, rankSimilar, type Similar, similarIncidents, type Traits } from './similar.ts'
export { storableJson, storableText } from './storable.ts'
export { cell, columnsOf, plain, wrap } from './terminal.ts'
export {
  addTask,
  addTasksLocked,
  appendLocked,
  appendTimeline,
  type NewTask,
  type TimelineEntry,
  type TimelineKind,
} from './timeline.ts'
export { transitions } from './transitions.ts'
export { type WhyAlert, type WhyEvent, whyAlert } from './why-alert.ts'
export { duration, gradeOf, saidSeverity, signed, utc, words } from './wording.ts'
export { writeReport } from './write-report.ts'
