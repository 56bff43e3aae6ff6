import { type Document, isObject, type Json, type Result } from '../../model/index.ts'
import type { FixtureCase } from '../fixtures.ts'
import { bindingsOf, type SourceMapping } from '../sigma/log-source.ts'
import { readStoryFile, type Story } from '../stories.ts'
import { createRarityDetector, type RarityHit } from './detector.ts'
import type { Locate, Located } from './locate.ts'
import type { RarityRule } from './rule.ts'
import { createRarityState } from './state.ts'

/** One story of a fixture file, with where its addresses are. */
export interface FixtureStory extends Story {
  readonly locate: Locate
}

/**
 * Runs a rarity rule over the stories of its fixture file. Each story begins with nothing learnt; its lines say when
 * their events happened, how often, and how many alerts they raise (none unless said). Both lists need a story, and
 * every positive one an alert.
 */
export function checkRarityFixture(
  rule: RarityRule,
  fixture: Document,
  mappings: readonly SourceMapping[] = [],
): Result<readonly FixtureCase[]> {
  const read = readStories(rule, fixture, mappings)
  if (!read.ok) return read
  const detector = createRarityDetector([rule], mappings)
  return {
    ok: true,
    value: read.value.map((story): FixtureCase => {
      const state = createRarityState()
      const raised = story.alerts.map((): RarityHit[] => [])
      let last: RarityHit | undefined
      for (const { line, event } of story.events)
        for (const hit of detector.observe(state, event, story.locate)) {
          raised[line]?.push(hit)
          last = hit
        }
      const wrong = story.alerts.findIndex((wanted, line) => raised[line]?.length !== wanted)
      const unsaid = story.says.find((text) => last?.sentence.includes(text) !== true)
      const { kind, index, name } = story
      const found = [
        { name: 'story', value: name },
        ...(wrong < 0
          ? []
          : [{ name: `alerts of line ${wrong + 1}`, value: raised[wrong]?.length ?? 0 }, wanted(story, wrong)]),
        ...(unsaid === undefined ? [] : [{ name: 'does not say', value: unsaid }]),
        ...(last === undefined ? [] : [{ name: 'says', value: last.sentence }]),
      ]
      const place = fixture.place(wrong < 0 ? [kind, index] : [kind, index, 'events', wrong])
      return { kind, index, place, passed: wrong < 0 && unsaid === undefined, facts: found }
    }),
  }
}

const wanted = (story: FixtureStory, line: number) => ({ name: 'wanted', value: story.alerts[line] ?? 0 })

/** The stories of a fixture file as events, as `rules test` runs them. */
export function readStories(
  rule: RarityRule,
  fixture: Document,
  mappings: readonly SourceMapping[] = [],
): Result<readonly FixtureStory[]> {
  const record = isObject(fixture.value.record) ? fixture.value.record : {}
  const logsource = bindingsOf(rule.selects.logsource, mappings)[0]?.given ?? rule.selects.logsource
  const read = readStoryFile(fixture, {
    fileKeys: ['record', 'positions'],
    lineKeys: [],
    baseOf: () => ({ record, logsource }),
  })
  const locate = locateBy(fixture.value.positions)
  return read.ok ? { ok: true, value: read.value.map((story) => ({ ...story, locate })) } : read
}

function locateBy(raw: Json | undefined): Locate {
  const positions = isObject(raw) ? raw : {}
  return (ip): Located | null => {
    const found = Object.hasOwn(positions, ip) ? positions[ip] : undefined
    if (!isObject(found)) return null
    const { country, latitude, longitude, radiusKm } = found
    return {
      country: typeof country === 'string' ? country : null,
      point:
        typeof latitude === 'number' && typeof longitude === 'number'
          ? { latitude, longitude, radiusKm: typeof radiusKm === 'number' ? radiusKm : 50 }
          : null,
    }
  }
}
