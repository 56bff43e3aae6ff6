export { type Answer, type AnswerChannel, type Answered, answerApproval } from './answer-approval.ts'
export { alertsSince } from './approval-growth.ts'
export { type Bound, boundTo } from './bound-to.ts'
export { breakGlass } from './break-glass.ts'
export { createVendorWatch, type VendorWatch } from './containment/ask-vendors.ts'
export type { Drift } from './containment/plan.ts'
export {
  type ContainmentStatus,
  containmentStatus,
  type Reconciled,
  type ReconcileParts,
  reconcileContainment,
} from './containment/reconcile.ts'
export { type ContainmentReport, createReconciler, type Reconciler } from './containment/reconciler.ts'
export { keepBundle } from './keep-bundle.ts'
export type { Live } from './make-effect.ts'
export { writeEmail } from './outbox-email.ts'
export { approvalsOf, type PendingApproval, pendingApprovals } from './pending-approvals.ts'
export {
  type Approval,
  approvalsNamed,
  listApprovals,
  readApproval,
  recentlySettled,
  waitingOf,
} from './read-approvals.ts'
export { listRuns, type RunDetails, type RunEffect, type RunSummary, readRun } from './read-runs.ts'
export { type RecordedTurn, readTurns } from './record-turn.ts'
export { findAction, renderRequest } from './render-request.ts'
export { createResponder, type Responder, type ResponderParts } from './responder.ts'
export { type Revocation, type Revoked, revokeAnswer } from './revoke-answer.ts'
export { type Controlled, cancelRun, type Hand, pauseRun, rerunFrom, resumeRun, signalRun } from './run-control.ts'
export { type ByHand, startByHand } from './start-by-hand.ts'
export { type HookOutcome, startByHook } from './start-by-hook.ts'
export { type NewRun, startRuns } from './start-runs.ts'
export { readStopSwitch, type StopSwitch, turnStopSwitch } from './stop-switch.ts'
export { storedBundles } from './stored-bundles.ts'
