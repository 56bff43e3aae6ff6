import { type CoveringRule, coverageOf, type FixtureCase } from '../detect/index.ts'
import { type Json, type Place, type Problem, problem } from '../model/index.ts'
import type { Bundle } from './bundle.ts'
import type { ContentChange } from './compare-content.ts'
import { parseDocument } from './document.ts'
import { type Mutant, mutatePlaybook } from './mutate-playbook.ts'
import { mutateRule } from './mutate-rule.ts'
import { fixturesOf, runFixtures } from './playbook-fixtures.ts'
import { type FixtureRule, isExercised, straysOf, type Tested, testRules } from './rule-fixtures.ts'

/** What the fixtures of a commit's rules and playbooks showed. */
export interface ContentTests {
  readonly rules: { readonly tested: number; readonly failed: number }
  readonly playbooks: { readonly fixtures: number; readonly failed: number }
  /** What failed, each with the place of the record or expectation. */
  readonly problems: readonly Problem[]
}

/** How many broken versions of one changed rule or playbook something notices. */
export interface MutationScore {
  readonly kind: 'detection' | 'correlation' | 'rarity' | 'playbook'
  readonly id: string
  readonly title: string
  readonly place: Place
  readonly mutants: number
  /** Those that do not load, and those that fail a fixture. */
  readonly refused: number
  readonly caught: number
  /** Those that nobody noticed; `safety`: it makes a playbook more dangerous. */
  readonly survived: readonly { readonly mutation: string; readonly safety: boolean; readonly place: Place }[]
}

/** Techniques that have a rule, and of these those of which a fixture shows that it fires. */
export interface CoverageState {
  readonly attack: string
  readonly techniques: number
  readonly declared: readonly string[]
  readonly exercised: readonly string[]
  readonly names: Readonly<Record<string, string>>
}

/** What the tests of a commit say of itself. */
export interface ContentReview {
  readonly tests: ContentTests
  readonly mutation: readonly MutationScore[]
  readonly coverage: CoverageState
}

/** How well a technique is looked for. */
export type CoverageLevel = 'none' | 'declared' | 'exercised'

export interface CoverageChange {
  readonly technique: string
  readonly name: string
  readonly before: CoverageLevel
  readonly after: CoverageLevel
}

/** ATT&CK coverage before and after a change; `changes` in the order of the techniques' ids. */
export interface CoverageDifference {
  readonly attack: string
  readonly techniques: number
  readonly declared: readonly [before: number, after: number]
  readonly exercised: readonly [before: number, after: number]
  readonly changes: readonly CoverageChange[]
}

/**
 * Runs every fixture of a bundle, breaks those of its rules and playbooks that `changes` name and says what notices, and
 * sums up what it covers of ATT&CK.
 */
export async function reviewContent(bundle: Bundle, changes: readonly ContentChange[]): Promise<ContentReview> {
  const rules: readonly FixtureRule[] = [...bundle.detection, ...bundle.rarity.rules, ...bundle.sequences]
  const { tested, untested } = testRules(rules, bundle)
  const { fixtures, problems } = fixturesOf(bundle)
  const runs = await runFixtures(bundle, fixtures)
  const ruleProblems = tested.flatMap(problemsOf)
  const playbookProblems = runs.flatMap(({ fixture, differences }) =>
    differences.map((one) =>
      problem(
        'fixture/playbook',
        `"${fixture.title}": ${one.what}: expected ${shortJson(one.expected)}, is ${shortJson(one.seen)}`,
        one.place,
      ),
    ),
  )
  const failing = new Set(runs.filter((one) => one.differences.length > 0).map(({ fixture }) => fixture.playbook))
  const failedRuns = runs.filter((one) => one.differences.length > 0)
  return {
    tests: {
      rules: { tested: tested.length, failed: tested.filter((one) => problemsOf(one).length > 0).length },
      playbooks: { fixtures: runs.length, failed: failedRuns.length },
      problems: [...ruleProblems, ...straysOf(rules, bundle.files), ...problems, ...playbookProblems],
    },
    mutation: [...ruleScores(bundle, changes), ...(await playbookScores(bundle, changes, failing))],
    coverage: coverageStateOf([
      ...tested.map((one) => ({ rule: one.rule, exercised: isExercised(one) })),
      ...untested.map((rule) => ({ rule, exercised: false })),
    ]),
  }
}

/** What a change makes of the coverage of ATT&CK. */
export function compareCoverage(before: CoverageState, after: CoverageState): CoverageDifference {
  const levelIn = (one: CoverageState) => {
    const [declared, exercised] = [new Set(one.declared), new Set(one.exercised)]
    return (id: string): CoverageLevel => (exercised.has(id) ? 'exercised' : declared.has(id) ? 'declared' : 'none')
  }
  const [old, now] = [levelIn(before), levelIn(after)]
  const names = { ...before.names, ...after.names }
  return {
    attack: after.attack,
    techniques: after.techniques,
    declared: [before.declared.length, after.declared.length],
    exercised: [before.exercised.length, after.exercised.length],
    changes: [...new Set([...before.declared, ...after.declared])]
      .sort()
      .filter((id) => old(id) !== now(id))
      .map((id) => ({ technique: id, name: names[id] ?? id, before: old(id), after: now(id) })),
  }
}

function coverageStateOf(rules: readonly CoveringRule[]): CoverageState {
  const { attack, techniques, declared } = coverageOf(rules)
  return {
    attack,
    techniques,
    declared: declared.map(({ id }) => id),
    exercised: declared.filter((one) => one.exercisedBy.length > 0).map(({ id }) => id),
    names: Object.fromEntries(declared.map(({ id, name }) => [id, name])),
  }
}

function problemsOf({ rule, cases, problems }: Tested): readonly Problem[] {
  const failed = cases
    .filter((one) => !one.passed)
    .map((one) => problem('fixture/rule', `"${rule.title}" ${failureOf(rule, one)}`, one.place))
  return [...problems, ...failed]
}

function failureOf(rule: FixtureRule, { kind, index, facts }: FixtureCase): string {
  if (rule.kind === 'detection')
    return kind === 'positive'
      ? `does not fire on positive record ${index + 1}`
      : `fires on negative record ${index + 1}`
  const [story, ...seen] = facts
  const found = seen.map(({ name, value }) => `${name} = ${shortJson(value)}`).join(', ')
  return `does something else than its story ${shortJson(story?.value ?? index + 1)} says: ${found}`
}

/** A change of many rules at once is a pack or a move: not all of it is broken, for that takes a while. */
const maxBrokenRules = 100

const ruleKinds = ['detection', 'correlation', 'rarity'] as const

function ruleScores(bundle: Bundle, changes: readonly ContentChange[]): readonly MutationScore[] {
  const byId = (rules: readonly FixtureRule[]) => new Map(rules.map((rule) => [rule.id, rule]))
  const rules = {
    detection: byId(bundle.detection),
    correlation: byId(bundle.sequences),
    rarity: byId(bundle.rarity.rules),
  }
  return changes
    .flatMap(({ kind: changed, change, id, title, place }) => {
      const kind = ruleKinds.find((one) => one === changed)
      return kind === undefined || change === 'removed' ? [] : [{ kind, id, title, place }]
    })
    .slice(0, maxBrokenRules)
    .flatMap((head) => {
      const rule = rules[head.kind].get(head.id)
      const mutants = rule === undefined ? null : mutateRule(rule, bundle)
      return mutants === null ? [] : [scoreOf(head, mutants)]
    })
}

async function playbookScores(
  bundle: Bundle,
  changes: readonly ContentChange[],
  failing: ReadonlySet<string>,
): Promise<readonly MutationScore[]> {
  const { fixtures } = fixturesOf(bundle)
  const scores: MutationScore[] = []
  for (const { kind, change, id, title, place } of changes) {
    if (kind !== 'playbook' || change === 'removed' || failing.has(id)) continue
    const file = bundle.files.find((one) => one.path === place.file)
    const document = file === undefined ? null : parseDocument(file.path, file.text)
    if (document?.ok !== true) continue
    const own = fixtures.filter((one) => one.playbook === id)
    scores.push(scoreOf({ kind, id, title, place }, await mutatePlaybook(document.value, own, bundle)))
  }
  return scores
}

function scoreOf(
  head: Pick<MutationScore, 'kind' | 'id' | 'title' | 'place'>,
  mutants: readonly Pick<Mutant, 'fate' | 'mutation' | 'safety' | 'place'>[],
): MutationScore {
  const of = (fate: Mutant['fate']) => mutants.filter((one) => one.fate === fate)
  return {
    ...head,
    mutants: mutants.length,
    refused: of('refused').length,
    caught: of('caught').length,
    survived: of('survived').map(({ mutation, safety, place }) => ({ mutation, safety, place })),
  }
}

const shortJson = (value: Json) => {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
