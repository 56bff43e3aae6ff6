export { type ClosingPolicy, closingFactNames, compileClosing } from './closing-policy.ts'
export { type ApprovalSubject, approvalDigest, type GateDecision, type GateRequest, gate } from './gate.ts'
export { type ApprovalTerms, compilePolicy, defaultTerms, type Group, type Policy } from './policy.ts'
export { groupsOf, groupsText } from './questions.ts'
