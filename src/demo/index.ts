export { type DemoParts, playDemo } from './demo.ts'
export { createNarrator, type Narrator } from './narrator.ts'
export { readRecording } from './recording.ts'
