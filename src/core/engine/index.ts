export {
  type AlertDecision,
  type Decided,
  type Detected,
  decide,
  detect,
  type EngineState,
  type Enrich,
  sentencesOf,
} from './engine.ts'
