export { compareReplays } from './compare.ts'
export { type FixturePair, fixtureHits, fixturePairs } from './fixture-hits.ts'
export type {
  DetectionMoved,
  Example,
  FixtureChange,
  IncidentChanged,
  NoiseLine,
  Plan,
  Regrouped,
  ResponseChange,
  RuleDifference,
} from './plan.ts'
export type { Receipt } from './receipt.ts'
export { createReplay, type PastDecision, type Replay, type ReplayParts } from './replay.ts'
export type {
  Replayed,
  ReplayedAlert,
  ReplayedEffect,
  ReplayedIncident,
  ReplayedRun,
  ReplayResult,
} from './replayed.ts'
export { createScan, type Scan, type Scanned, type ScannedSide } from './scan.ts'
