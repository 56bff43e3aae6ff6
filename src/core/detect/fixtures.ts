import {
  type Document,
  type Fact,
  isObject,
  type Json,
  type JsonObject,
  type Place,
  type Problem,
  problem,
  type Result,
} from '../model/index.ts'
import { bindingsOf, type SourceMapping } from './sigma/log-source.ts'
import { createMatcher } from './sigma/matcher.ts'
import type { SigmaRule } from './sigma/rule.ts'
import { holds } from './sigma/search.ts'
import { View } from './sigma/view.ts'

/** One record of a rule's fixture file and what the rule made of it. */
export interface FixtureCase {
  /** `positive`: the rule must fire; `negative`: it must not. */
  readonly kind: 'positive' | 'negative'
  /** 0-based position in its list. */
  readonly index: number
  readonly place: Place
  readonly passed: boolean
  /** What held when the rule fired; when it did not, the filters that kept the record from it. */
  readonly facts: readonly Fact[]
}

const lists = ['positive', 'negative'] as const

/**
 * Runs a rule over its fixture file (`positive: [records]`, `negative: [records]`). Both lists need at least one record:
 * a rule that nothing shows to fire, or to keep still, is not tested. A record is tried as each kind of event that the
 * rule's log source means by the pipelines' lines `mappings`.
 */
export function checkFixture(
  rule: SigmaRule,
  fixture: Document,
  mappings: readonly SourceMapping[] = [],
): Result<readonly FixtureCase[]> {
  const problems: Problem[] = Object.keys(fixture.value)
    .filter((key) => !(lists as readonly string[]).includes(key))
    .map((key) =>
      problem(
        'fixture/form',
        `"${key}" is not known in a fixture file`,
        fixture.place([key], 'key'),
        `known: ${lists.join(', ')}`,
      ),
    )
  const matcher = createMatcher([rule], mappings)
  const sources = bindingsOf(rule.logsource, mappings).map(({ given }) => given)
  const cases = lists.flatMap((kind) => {
    const records = recordsOf(fixture.value[kind])
    if (records === null) {
      const message = `"${kind}" must list at least one record, and nothing but records`
      problems.push(problem('fixture/form', message, fixture.place([kind])))
    }
    return (records ?? []).map((record, index): FixtureCase => {
      const [match] = sources.flatMap((logsource) => matcher.match({ logsource, record }))
      const passed = (match !== undefined) === (kind === 'positive')
      return { kind, index, place: fixture.place([kind, index]), passed, facts: match?.facts ?? keptOut(rule, record) }
    })
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: cases }
}

/** The filters that hold of a record under its own names. */
function keptOut(rule: SigmaRule, record: JsonObject): readonly Fact[] {
  const view = new View(record)
  return rule.filters
    .filter(({ excludes }) => holds(excludes, view))
    .map(({ ref }) => ({ name: 'kept out by filter', value: ref.title }))
}

function recordsOf(value: Json | undefined): readonly JsonObject[] | null {
  if (!Array.isArray(value) || value.length === 0) return null
  const items: readonly Json[] = value
  const records = items.filter(isObject)
  return records.length === items.length ? records : null
}
