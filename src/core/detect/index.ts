export { alertOf, alertOfCorrelation } from './alert.ts'
export { currentTactic, currentTechnique } from './attack-aliases.ts'
export { checkFixture, type FixtureCase } from './fixtures.ts'
export { checkOverlays, compileOverlay, createTuning, type Overlay, type Tuned, type Tuning } from './overlay.ts'
export { compileRuleSet, type RuleKind, type RuleResult, type RuleSet, ruleKindOf } from './rule-set.ts'
export { compileSelection, type Selection } from './selection.ts'
export { type CorrelationRule, compileCorrelationRule } from './sigma/correlation-rule.ts'
export {
  type CorrelationHit,
  type Correlator,
  createCorrelator,
  createSigmaState,
  restoreSigmaState,
  type SigmaState,
  takeSigmaChanges,
} from './sigma/correlator.ts'
export {
  bindingsOf,
  covers,
  createReadings,
  type Reading,
  type Readings,
  type SourceMapping,
} from './sigma/log-source.ts'
export { createMatcher, type Match, type Matcher } from './sigma/matcher.ts'
export { compilePipeline } from './sigma/pipeline.ts'
export { compileSigmaRule, type RuleHead, type SigmaRule } from './sigma/rule.ts'
