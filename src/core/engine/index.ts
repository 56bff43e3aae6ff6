export { decideByHand, type HandParts } from './by-hand.ts'
export {
  type AlertDecision,
  type Decided,
  type Detected,
  decide,
  detect,
  detectLearning,
  detectQuiet,
  type EngineState,
  sentencesOf,
} from './engine.ts'
export type { Enrich } from './locate.ts'
