export { type Anchored, type AnchorPlace, anchorAudit } from './anchor-audit.ts'
export { anchorFolder } from './anchor-text.ts'
export { createAnchorer } from './anchorer.ts'
export { type AnchorReport, verifyAnchors } from './verify-anchors.ts'
