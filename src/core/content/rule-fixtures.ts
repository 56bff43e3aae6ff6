import {
  bindingsOf,
  type CorrelationRule,
  type CorrelationStage,
  checkCorrelationFixture,
  checkFixture,
  checkRarityFixture,
  explainRule,
  type FixtureCase,
  type RarityRule,
  type RuleExplanation,
  type SigmaRule,
} from '../detect/index.ts'
import { type Document, isObject, type Json, type JsonObject, type Problem, problem } from '../model/index.ts'
import type { Bundle } from './bundle.ts'
import { parseDocument, parseDocuments } from './document.ts'
import { isPackRule } from './packs.ts'
import type { SourceFile } from './source.ts'

/** Rules that have fixtures of their own. */
export type FixtureRule = SigmaRule | RarityRule | CorrelationRule

/** What fixtures are run with. */
export type FixtureBundle = Pick<Bundle, 'files' | 'mappings' | 'detection' | 'sequences'>

/** What became of one rule's fixture file. */
export interface Tested {
  readonly rule: FixtureRule
  readonly cases: readonly FixtureCase[]
  readonly problems: readonly Problem[]
}

/** Path of the file that a rule was read from. */
export const rulePath = (rule: FixtureRule) => rule.ref.place?.file ?? ''
/** Whether anything is not as the fixture says. */
export const isFixtureFailed = (one: Tested) => one.problems.length > 0 || one.cases.some((each) => !each.passed)
/** Whether records are kept with the rule on which it fires, and it fires on all of them. */
export const isExercised = ({ cases }: Tested) => {
  const positive = cases.filter((one) => one.kind === 'positive')
  return positive.length > 0 && positive.every((one) => one.passed)
}

/** Where the fixture of a rule lies. */
export const fixturePath = (rule: FixtureRule) => rulePath(rule).replace(/^(rules\/\w+)\//, '$1/fixtures/')

/**
 * Runs rules over their fixture files. Rules of packs and correlations that have none here are not tested: others answer for
 * the former, the rules that are counted are tested for the latter. The time is proportional to the rules and files.
 */
export function testRules(
  rules: readonly FixtureRule[],
  bundle: FixtureBundle,
): { readonly tested: readonly Tested[]; readonly untested: readonly FixtureRule[] } {
  const fileOf = filesOf(bundle)
  const isUntested = (rule: FixtureRule) =>
    (rule.kind === 'correlation' || isPackRule(rulePath(rule))) && fileOf(rule) === undefined
  return {
    tested: rules.filter((rule) => !isUntested(rule)).map((rule) => testOver(rule, fileOf, bundle)),
    untested: rules.filter(isUntested),
  }
}

/** Runs a rule over its fixture file; one without a file has that as its problem. */
export const testRule = (rule: FixtureRule, bundle: FixtureBundle): Tested => testOver(rule, filesOf(bundle), bundle)

type FileOf = (rule: FixtureRule) => SourceFile | undefined

function filesOf({ files }: FixtureBundle): FileOf {
  const byPath = new Map(files.map((file) => [file.path, file]))
  return (rule) => byPath.get(fixturePath(rule))
}

function testOver(rule: FixtureRule, fileOf: FileOf, bundle: FixtureBundle): Tested {
  const file = fileOf(rule)
  if (file === undefined)
    return {
      rule,
      cases: [],
      problems: [problem('fixture/missing', 'the rule has no fixture', rule.ref.place, `write ${fixturePath(rule)}`)],
    }
  const document = parseDocument(file.path, file.text)
  const result = document.ok ? casesOf(rule, document.value, fileOf, bundle) : document
  return result.ok ? { rule, cases: result.value, problems: [] } : { rule, cases: [], problems: result.problems }
}

function casesOf(rule: FixtureRule, document: Document, fileOf: FileOf, bundle: FixtureBundle) {
  const { mappings, detection, sequences } = bundle
  switch (rule.kind) {
    case 'detection':
      return checkFixture(rule, document, mappings)
    case 'correlation':
      return checkCorrelationFixture(rule, document, {
        ...{ mappings, detections: detection, correlations: sequences },
        recordOf: (counted) => firstRecord(fileOf(counted)),
      } satisfies CorrelationStage)
    default:
      return checkRarityFixture(rule, document, mappings)
  }
}

/** A record on which a rule fires, as its fixture has it. */
function firstRecord(file: SourceFile | undefined): JsonObject | null {
  const document = file === undefined ? null : parseDocument(file.path, file.text)
  const list = document?.ok === true ? document.value.value.positive : null
  const first = Array.isArray(list) ? (list as readonly Json[])[0] : undefined
  return isObject(first) ? first : null
}

/** Fixture files that belong to no rule: renamed rules leave them behind, and their tests stop running unseen. */
export function straysOf(rules: readonly FixtureRule[], files: readonly SourceFile[]): readonly Problem[] {
  const known = new Set(rules.map(fixturePath))
  return files
    .filter((file) => /^rules\/(correlation|detection|rarity)\/fixtures\//.test(file.path) && !known.has(file.path))
    .map((file) =>
      problem(
        'fixture/stray',
        'no rule has this fixture',
        { file: file.path, line: 1, column: 1 },
        'rename or remove it',
      ),
    )
}

/** Why a rule did not fire on a record of its fixture; null where that is not the question. */
export function explainCase(
  rule: FixtureRule,
  one: FixtureCase,
  { files, mappings }: Pick<Bundle, 'files' | 'mappings'>,
): RuleExplanation | null {
  if (rule.kind !== 'detection' || one.kind !== 'positive' || one.passed) return null
  const text = documentOf(files, rulePath(rule), (document) => document.value.id === rule.id)
  const list = documentOf(files, fixturePath(rule))?.value[one.kind]
  const record = Array.isArray(list) ? (list as readonly Json[])[one.index] : undefined
  const [binding] = bindingsOf(rule.logsource, mappings)
  if (text === null || !isObject(record) || binding === undefined) return null
  return explainRule(rule, text, { logsource: binding.given, record }, mappings)
}

function documentOf(
  files: readonly SourceFile[],
  path: string,
  isMeant: (document: Document) => boolean = () => true,
): Document | null {
  const file = files.find((one) => one.path === path)
  if (file === undefined) return null
  const documents = parseDocuments(file.path, file.text).flatMap((one) => (one.ok ? [one.value] : []))
  return documents.find(isMeant) ?? null
}
