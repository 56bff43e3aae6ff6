export { type ApiGuardParts, refusedByGuard } from './api-guard.ts'
export {
  type BatchOutcome,
  type Cursor,
  type DeadLetter,
  type EventRow,
  finishBatch,
  knownEvents,
  nextDeliveries,
  readDelivery,
  takeTurn,
  waitForTurn,
} from './batch.ts'
export { createByteBudget } from './byte-budget.ts'
export {
  countDeadLetters,
  dismissDeadLetters,
  type Letter,
  type LetterFilter,
  type LetterId,
  type LetterState,
  type LetterWork,
  letterStates,
  listDeadLetters,
  type OpenedLetter,
  readDeadLetter,
  requeueDeadLetters,
} from './dead-letters.ts'
export type { Answer } from './handshake.ts'
export { createHookDoor, type Hook, type HookDoor } from './hook-door.ts'
export { createInbox, type Inbox, type NewDelivery, Overloaded, type StoredDelivery } from './inbox.ts'
export { type InboxSpan, inboxSince } from './inbox-span.ts'
export { type Ledger, type LedgerLine, readLedger } from './ledger.ts'
export { createProbe, type Probe } from './probe-delivery.ts'
export { BodyRefused, readBody } from './read-body.ts'
export { type AgedFile, readByAge, type Survey, surveyFiles } from './read-by-age.ts'
export { listFiles, type ReadProgress, readChunks, readFiles, readStream } from './read-files.ts'
export { readRecording } from './read-recording.ts'
export { createReceiver, type Receiver, type ReceiverParts, send } from './receiver.ts'
export { problemAnswer, type Received } from './refusal.ts'
export { createSeedApi, type SeedApi, type SeedApiParts } from './seed-api.ts'
export { type SyslogLimits, type SyslogParts, type SyslogServer, startSyslog } from './syslog-server.ts'
export { schemes } from './verify/verify.ts'
export { proofStatus, type WebhookStatus, webhookStatus } from './webhook-status.ts'
