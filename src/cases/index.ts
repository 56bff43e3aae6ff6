export {
  type CaseFile,
  type EffectView,
  listIncidents,
  type RunView,
  readCase,
  readIncident,
  type Task,
} from './read.ts'
export { type AlertEvent, loadRecent, moveAlerts, saveAlertEvents, saveAlerts, saveIncidents } from './save.ts'
export { addTask, appendTimeline, type TimelineEntry, type TimelineKind } from './timeline.ts'
