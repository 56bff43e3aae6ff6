export { type Answer, type Answered, type Approval, answerApproval, listApprovals, readApproval } from './approvals.ts'
export { listRuns, type RunDetails, type RunEffect, type RunSummary, readRun } from './read-runs.ts'
export { createResponder, type Responder, type ResponderParts } from './responder.ts'
export { startRuns } from './start-runs.ts'
