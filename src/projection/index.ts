export type { Budget, Limit } from './budget.ts'
export { type Channel, disableChannel, enableChannel, isEnabled, markIncidents } from './channel.ts'
export { type ChannelHealth, channelHealth } from './channel-health.ts'
export { createDrain, type Drain, type DrainParts, type Hand, NotNow, type Writer, type Written } from './drain.ts'
export { type Failure, failed } from './failed.ts'
export { foldMarks } from './fold-marks.ts'
export {
  countProjections,
  findByOutside,
  listProjections,
  openOutside,
  type Projection,
  type ProjectionFilter,
  readOutside,
  retryProjections,
} from './list.ts'
export { type Message, send } from './send.ts'
export { keepOutside, release, settle } from './settle.ts'
export { type Due, nextDueAt, takeDue } from './take-due.ts'
