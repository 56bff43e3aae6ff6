export { type DemoParts, playDemo } from './demo.ts'
export { createNarrator, type Narrator } from './narrator.ts'
