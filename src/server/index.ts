export { createRuntime, type Runtime, type RuntimeParts } from './runtime.ts'
export { secretsFrom } from './secrets.ts'
export { isLoopback, type ServeOptions, type Service, type Serving, serve } from './server.ts'
