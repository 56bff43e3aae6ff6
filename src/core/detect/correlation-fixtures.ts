import { type Document, didYouMean, type JsonObject, type LogSource, type Result } from '../model/index.ts'
import type { FixtureCase } from './fixtures.ts'
import type { CorrelationRule } from './sigma/correlation-rule.ts'
import { createSigmaState } from './sigma/correlation-state.ts'
import { createCorrelator } from './sigma/correlator.ts'
import { bindingsOf, type SourceMapping } from './sigma/log-source.ts'
import { createMatcher } from './sigma/matcher.ts'
import type { SigmaRule } from './sigma/rule.ts'
import { readStoryFile, type Story } from './stories.ts'

/** What a correlation is tried with: the rules of its bundle, and a record on which each detection rule fires. */
export interface CorrelationStage {
  readonly detections: readonly SigmaRule[]
  readonly correlations: readonly CorrelationRule[]
  readonly mappings: readonly SourceMapping[]
  readonly recordOf: (rule: SigmaRule) => JsonObject | null
}

/**
 * Runs a correlation over the stories of its fixture file. Each line says when its events happened, how often, of which
 * detection rule they are (`as`: its name or id; the first positive record of that rule's fixture, with `record` laid over it) and
 * how many alerts they raise, none unless said.
 */
export function checkCorrelationFixture(
  rule: CorrelationRule,
  fixture: Document,
  stage: CorrelationStage,
): Result<readonly FixtureCase[]> {
  const { detections, correlations } = closureOf(rule, stage)
  const read = readCorrelationStories(detections, fixture, stage)
  if (!read.ok) return read
  const matcher = createMatcher(detections, stage.mappings)
  const correlator = createCorrelator(correlations)
  return {
    ok: true,
    value: read.value.map((story): FixtureCase => {
      const state = createSigmaState()
      const raised = story.alerts.map(() => 0)
      for (const { line, event } of story.events)
        for (const hit of correlator.observe(state, event, matcher.match(event)))
          if (hit.rule.id === rule.id) raised[line] = (raised[line] ?? 0) + 1
      const wrong = story.alerts.findIndex((wanted, line) => raised[line] !== wanted)
      const { kind, index, name } = story
      const found = [
        { name: 'story', value: name },
        ...(wrong < 0
          ? []
          : [
              { name: `alerts of line ${wrong + 1}`, value: raised[wrong] ?? 0 },
              { name: 'wanted', value: story.alerts[wrong] ?? 0 },
            ]),
      ]
      const place = fixture.place(wrong < 0 ? [kind, index] : [kind, index, 'events', wrong])
      return { kind, index, place, passed: wrong < 0, facts: found }
    }),
  }
}

function readCorrelationStories(
  detections: readonly SigmaRule[],
  fixture: Document,
  { mappings, recordOf }: CorrelationStage,
): Result<readonly Story[]> {
  const names = detections.flatMap(({ id, name }) => (name === null ? [id] : [name, id]))
  return readStoryFile(fixture, {
    fileKeys: [],
    lineKeys: ['as'],
    baseOf: (line, fail) => {
      const counted = detections.find(({ id, name }) => line.as === id || (name !== null && line.as === name))
      if (counted === undefined) {
        fail(
          `"as" names a detection rule that is counted, not ${JSON.stringify(line.as ?? null)}`,
          'as',
          didYouMean(String(line.as), names) ?? `these are: ${names.join(', ')}`,
        )
        return null
      }
      const record = recordOf(counted)
      if (record === null) {
        fail(`the rule "${counted.title}" has no fixture whose record could be taken`, 'as')
        return null
      }
      const logsource: LogSource = bindingsOf(counted.logsource, mappings)[0]?.given ?? counted.logsource
      return { record, logsource }
    },
  })
}

/** The correlation with everything that it counts, directly or by others. */
function closureOf(
  rule: CorrelationRule,
  stage: CorrelationStage,
): { readonly detections: readonly SigmaRule[]; readonly correlations: readonly CorrelationRule[] } {
  const wanted = new Set<string>(rule.rules)
  const correlations = [rule]
  for (let grew = true; grew; ) {
    grew = false
    for (const one of stage.correlations)
      if (wanted.has(one.id) && one.id !== rule.id && !correlations.includes(one)) {
        correlations.push(one)
        for (const id of one.rules) wanted.add(id)
        grew = true
      }
  }
  return { detections: stage.detections.filter(({ id }) => wanted.has(id)), correlations }
}
