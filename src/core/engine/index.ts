export {
  type AlertDecision,
  type Decided,
  type Detected,
  decide,
  detect,
  type EngineState,
  sentencesOf,
} from './engine.ts'
export type { Enrich } from './locate.ts'
