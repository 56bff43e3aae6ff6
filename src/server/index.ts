export { createRuntime, type Runtime, type RuntimeParts } from './runtime.ts'
