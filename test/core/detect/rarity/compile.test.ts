import { expect, test } from 'vitest'
import { compileBundle } from '../../../../src/core/content/index.ts'
import { formatPlace } from '../../../../src/core/model/index.ts'

const head = `title: Unusual
id: 0c6d5b5e-4f57-5d3f-8f0a-6f0a1c1f0b11
description: d
owner: o
tags: []
level: high
logsource: { product: p }
detection: { s: { kind: x }, condition: s }
`
const first = `first_seen:
  entity: { label: user, fields: [user] }
  value: { label: place, fields: [place] }
  window: 30d
  warmUp: { events: 5 }
`
const spike = `spike:
  entity: { label: user, fields: [user] }
  counted: things
  bucket: 1h
  season: day
  atLeast: 10
  unseen: zero
  window: 14d
  warmUp: { days: 4 }
`

const problemsOf = (text: string) =>
  compileBundle([{ path: 'rules/rarity/x.yaml', text }], 'worktree').problems.map(
    (one) => `${one.place === undefined ? '' : formatPlace(one.place)} ${one.message}`,
  )

test('the rules of these tests are sound', () => {
  expect(problemsOf(head + first)).toEqual([])
  expect(problemsOf(head + spike)).toEqual([])
})

test.each([
  ['nothing that is unusual', head, 'rules/rarity/x.yaml:1:1 the rule says nothing about what is unusual'],
  ['two kinds', head + first + spike, 'rules/rarity/x.yaml:14:1 a rule is of one kind, not first_seen and spike'],
  ['a key that is not known', head + first.replace('window', 'windw'), '12:3 unknown key "windw" in "first_seen"'],
  ['no duration', head + first.replace('30d', 'a month'), '12:11 "window" is "a month", which does not have the form'],
  ['no owner', head.replace('owner: o\n', '') + first, '1:1 the file lacks "owner"'],
  [
    'an unknown part of a field',
    head + first.replace('[place]', '[{ field: place, as: citty }]'),
    'x.yaml:11:55 "as" is "citty", not one of country, network, program, product',
  ],
  ['a bad selection', head.replace('kind: x', 'kind|starts: x') + first, '8:19 unknown modifier "starts"'],
  [
    'a lateness beyond the window',
    head + first.replace('30d', '30d\n  lateness: 31d'),
    '13:13 the lateness is longer than the window',
  ],
  [
    'a warm-up beyond the window',
    head + first.replace('events: 5', 'days: 31'),
    '13:19 the warm-up is longer than the window: history that long is never there',
  ],
  [
    'a window that is too short for its season',
    head + spike.replace('season: day', 'season: week'),
    '16:11 the window holds less than four of the periods that are compared',
  ],
  ['buckets beyond counting', head + spike.replace('1h', '1m'), '12:11 the window has more than 2000 buckets'],
  ['buckets that do not fit a day', head + spike.replace('1h', '7h'), '12:11 the bucket does not divide the day'],
  [
    'too short a warm-up for its season',
    head + spike.replace('days: 4', 'days: 2'),
    '17:11 the warm-up is shorter than three of the periods that are compared',
  ],
  [
    'half a place',
    `${head}impossible_travel:\n  entity: { label: user, fields: [user] }\n  position: { latitude: lat }\n  window: 1d\n`,
    '11:13 a latitude needs a longitude, and the other way round',
  ],
])('a rule with %s does not load, and the place is named', (_name, text, message) => {
  expect(problemsOf(text).join('\n')).toContain(message)
})
