export { startRuns } from './start-runs.ts'
