export {
  type AlertDecision,
  type Decided,
  decide,
  detect,
  type EngineState,
  type Enrich,
  sentencesOf,
} from './engine.ts'
