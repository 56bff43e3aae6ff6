export { createEscalator, type Escalator, type EscalatorParts } from './escalator.ts'
export { createPageWriter, type PageWriterParts } from './page-writer.ts'
export type { Reach, SlackCall } from './tell.ts'
