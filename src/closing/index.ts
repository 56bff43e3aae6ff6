export { type Closer, createCloser } from './closer.ts'
export { type Proposals, proposeFor } from './propose.ts'
export { beginClosing, type ClosingParts, workClosed } from './work-closed.ts'
