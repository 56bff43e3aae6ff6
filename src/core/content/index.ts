export { createAjv } from './ajv.ts'
export { askHook, hookMeans } from './ask-hook.ts'
export { type Budget, budgetOf, defaultBudget, type Limit } from './budget.ts'
export { type Bundle, type Compiled, compileBundle } from './bundle.ts'
export { type ContentChange, compareContent } from './compare-content.ts'
export { parseDocument, parseDocuments } from './document.ts'
export { expiredContent } from './expiry.ts'
export { filledInputs, schemaFault } from './fill-inputs.ts'
export { formatProblems } from './format.ts'
export { coverSources, nameOf, type SourceCoverage } from './log-sources.ts'
export { type Mutant, mutatePlaybook } from './mutate-playbook.ts'
export { isPackRule, type PackRecord, packDigest, packsFolder, parsePackRules, renderPack } from './packs.ts'
export { coverPlaybook, type Way } from './playbook-coverage.ts'
export {
  compilePlaybookFixture,
  type Difference,
  emptyFacts,
  type FixtureRun,
  type PlaybookFixture,
  runPlaybookFixture,
} from './playbook-fixture.ts'
export { fixturesOf, runFixtures } from './playbook-fixtures.ts'
export { durationText, effectOf, questionOf } from './played-form.ts'
export {
  type ContentReview,
  type ContentTests,
  type CoverageChange,
  type CoverageDifference,
  compareCoverage,
  type MutationScore,
  reviewContent,
} from './review.ts'
export {
  explainCase,
  type FixtureRule,
  fixturePath,
  isExercised,
  isFixtureFailed,
  rulePath,
  straysOf,
  type Tested,
  testRule,
  testRules,
} from './rule-fixtures.ts'
export { compileSchema } from './schema.ts'
export type { SourceFile } from './source.ts'
