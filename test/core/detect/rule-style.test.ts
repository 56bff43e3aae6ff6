import { expect, test } from 'vitest'
import { ownBundle } from '../../support/content.ts'

const { detection, sequences, correlator } = await ownBundle()
const rules = [...detection, ...sequences]
const fileOf = (rule: (typeof rules)[number]) => rule.ref.place?.file ?? rule.title

/** What every rule keeps to, so that its alerts read alike; each check gives the rules that do not. */
const style: readonly (readonly [name: string, breaks: (rule: (typeof rules)[number]) => boolean])[] = [
  ['begins its title with a capital or a name', (rule) => !/^([A-Z]|[a-z]{3,}[0-9]* )/.test(rule.title)],
  ['writes its title in one line without a full stop', (rule) => rule.title.length > 110 || /[.\n]$/.test(rule.title)],
  ['describes in whole sentences', (rule) => !/^[A-Z/$A-Za-z][\s\S]*[.]$/.test(rule.description)],
  ['describes in few words', (rule) => rule.description.length > 420],
  ['says what happened, not that something is detected', (rule) => /^detects?\b/i.test(rule.description)],
  ['says what makes its alerts the same', (rule) => (rule.aggregateBy ?? []).length === 0],
  ['lies in a file of lower-case words', (rule) => !/\/[a-z0-9]+(_[a-z0-9]+)*\.yaml$/.test(fileOf(rule))],
]

test.each(style)('every rule %s', (_name, breaks) => {
  expect(rules.filter(breaks).map(fileOf)).toEqual([])
})

test('no two rules share an id, a name or a title', () => {
  for (const member of ['id', 'name', 'title'] as const) {
    const values = rules.map((rule) => rule[member]).filter((value) => value !== null)
    expect(values.filter((value, index) => values.indexOf(value) !== index)).toEqual([])
  }
})

test('a rule that means nothing alone is counted by a correlation, and raises no alert of its own', () => {
  const informational = detection.filter((rule) => rule.severity === 1)
  const counted = new Set(sequences.flatMap((rule) => rule.rules))
  expect(informational.filter((rule) => !counted.has(rule.id)).map(fileOf)).toEqual([])
  const audible = informational.filter((rule) => !correlator.silent.has(rule.id))
  expect(audible.map(fileOf)).toEqual(['rules/detection/win_surroundings_listing.yaml'])
})
