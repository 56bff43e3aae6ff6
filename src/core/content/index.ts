export { parseDocument } from './document.ts'
export { formatProblems } from './format.ts'
export { compileSchema } from './schema.ts'
export type { SourceFile } from './source.ts'
