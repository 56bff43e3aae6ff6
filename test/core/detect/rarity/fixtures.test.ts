import { expect, test } from 'vitest'
import { checkRarityFixture, type FixtureCase } from '../../../../src/core/detect/index.ts'
import { ownBundle } from '../../../support/content.ts'
import { documentOf } from '../../../support/document.ts'

const bundle = await ownBundle()
const stories = bundle.rarity.rules.flatMap((rule): { path: string; story: FixtureCase | null }[] => {
  const path = (rule.ref.place?.file ?? '').replace('rules/rarity/', 'rules/rarity/fixtures/')
  const file = bundle.files.find((one) => one.path === path)
  const checked = file === undefined ? null : checkRarityFixture(rule, documentOf(path, file.text), bundle.mappings)
  return checked?.ok === true ? checked.value.map((story) => ({ path, story })) : [{ path, story: null }]
})

test.each(stories)('$path: $story.kind $story.index does what it says', ({ story }) => {
  expect(story?.facts.filter((fact) => fact.name !== 'says' && fact.name !== 'story')).toEqual([])
  expect(story?.passed).toBe(true)
})

test('every kind of unusual has rules that show it', () => {
  const kinds = Map.groupBy(bundle.rarity.rules, (rule) => rule.kind)
  expect([...kinds.keys()].sort()).toEqual(['first_seen', 'impossible_travel', 'rare', 'spike'])
})
