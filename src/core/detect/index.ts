export { alertOf, alertOfCorrelation, alertOfRarity } from './alert.ts'
export { currentTactic, currentTechnique } from './attack-aliases.ts'
export { attackCatalog } from './attack-catalog.ts'
export { type CorrelationStage, checkCorrelationFixture } from './correlation-fixtures.ts'
export { type Coverage, type CoveredTactic, type CoveredTechnique, type CoveringRule, coverageOf } from './coverage.ts'
export { type CorrelationStep, type CorrelationTrace, traceCorrelation } from './explain-correlation.ts'
export { type ExplainedCondition, explainRule, type Meaning, type RuleExplanation } from './explain-rule.ts'
export type { Explained, Seen, Wanted } from './explain-search.ts'
export { checkFixture, type FixtureCase } from './fixtures.ts'
export { navigatorLayer } from './navigator-layer.ts'
export { checkOverlays, compileOverlay, createTuning, type Overlay, type Tuned, type Tuning } from './overlay.ts'
export { compileRarityRule } from './rarity/compile.ts'
export { createRarityDetector, type RarityDetector, type RarityHit } from './rarity/detector.ts'
export { checkRarityFixture, type FixtureStory, readStories } from './rarity/fixtures.ts'
export { type Learnt, learntBy } from './rarity/learnt.ts'
export type { Locate, Located } from './rarity/locate.ts'
export type { RarityRule } from './rarity/rule.ts'
export {
  createRarityState,
  type RarityChanges,
  type RarityState,
  restoreRarityState,
  takeRarityChanges,
} from './rarity/state.ts'
export { compileRuleSet, type RuleKind, type RuleResult, type RuleSet, ruleKindOf } from './rule-set.ts'
export { compileSelection, type Selection } from './selection.ts'
export { conditionText } from './sigma/correlation-condition.ts'
export { type CorrelationRule, compileCorrelationRule } from './sigma/correlation-rule.ts'
export {
  type CorrelationLosses,
  createSigmaState,
  restoreSigmaState,
  type SigmaState,
  takeSigmaChanges,
} from './sigma/correlation-state.ts'
export { type CorrelationHit, type Correlator, createCorrelator } from './sigma/correlator.ts'
export type { SigmaFilter } from './sigma/filter.ts'
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
export { compilePlaceholders, type Placeholders } from './sigma/placeholders.ts'
export { type AppliedFilter, compileSigmaRule, type RuleHead, type SigmaRule } from './sigma/rule.ts'
