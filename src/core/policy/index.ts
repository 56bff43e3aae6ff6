export { type ClosingPolicy, closingFactNames, compileClosing } from './closing-policy.ts'
export { type ApprovalSubject, approvalDigest, type GateDecision, type GateRequest, gate } from './gate.ts'
export { type ApprovalTerms, compilePolicy, defaultTerms, type Policy } from './policy.ts'
