export { type AlertDecision, type Decided, decide, type EngineState, type Enrich, sentencesOf } from './engine.ts'
