export { type ChecklistItem, type ClosingCounts, checklistOf } from './checklist.ts'
export { createRedactor, type Redactor } from './redact.ts'
export { type EvidenceRecord, type Regression, regressionFolder, regressionOf } from './regression.ts'
export { type JudgedAlert, type NoTuning, proposeTuning, type Tuning } from './tuning.ts'
