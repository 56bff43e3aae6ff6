import { type Bundle, parseDocument, parseDocuments, type SourceFile } from '../content/index.ts'
import { bindingsOf } from '../detect/index.ts'
import { isObject, type Json, type JsonObject, type LogSource } from '../model/index.ts'
import type { FixtureHit } from './replayed.ts'

/** The fixture of a detection rule, with the rule that says what kind of event its records are. */
export interface FixturePair {
  readonly fixture: SourceFile
  readonly rule: SourceFile
}

/** Fixtures of detection rules in the files of commits, each once: what a commit changes of one is there twice. */
export function fixturePairs(...commits: readonly (readonly SourceFile[])[]): readonly FixturePair[] {
  const pairs = new Map<string, FixturePair>()
  for (const files of commits) {
    const texts = new Map(files.map(({ path, text }) => [path, text]))
    for (const [path, text] of texts) {
      const [, name] = /^rules\/detection\/fixtures\/(.+\.ya?ml)$/.exec(path) ?? []
      const rule = name === undefined ? undefined : `rules/detection/${name}`
      const ruleText = rule === undefined ? undefined : texts.get(rule)
      if (rule === undefined || ruleText === undefined) continue
      pairs.set(JSON.stringify([path, text, ruleText]), {
        fixture: { path, text },
        rule: { path: rule, text: ruleText },
      })
    }
  }
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
}

const maxFixtureHits = 20_000

/** Which rules of a bundle fire on the records of fixtures, all rules on each: a fixture of one may be noise to another. */
export function fixtureHits(bundle: Bundle, pairs: readonly FixturePair[]): readonly FixtureHit[] {
  const hits: FixtureHit[] = []
  for (const { fixture, rule } of pairs) {
    const records = parseDocument(fixture.path, fixture.text)
    const source = parseDocuments(rule.path, rule.text).flatMap((one) =>
      one.ok ? [logsourceOf(one.value.value)] : [],
    )[0]
    if (!records.ok || source === undefined) continue
    const events = bindingsOf(source, bundle.mappings).map(({ given }) => given)
    for (const kind of ['positive', 'negative'] as const)
      for (const [index, record] of recordsOf(records.value.value[kind]).entries()) {
        const seen = new Set<string>()
        for (const match of events.flatMap((logsource) => bundle.matcher.match({ logsource, record }))) {
          if (seen.has(match.rule.id) || hits.length >= maxFixtureHits) continue
          seen.add(match.rule.id)
          hits.push({ path: fixture.path, kind, index, rule: match.rule.id, facts: match.facts })
        }
      }
  }
  return hits
}

const recordsOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []

function logsourceOf({ logsource }: JsonObject): LogSource {
  const given = isObject(logsource) ? logsource : {}
  return Object.fromEntries(
    ['product', 'category', 'service'].flatMap((name) =>
      typeof given[name] === 'string' ? [[name, given[name].toLowerCase()] as const] : [],
    ),
  )
}
