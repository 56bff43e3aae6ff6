import { expect, test } from 'vitest'
import { compileBundle, reviewContent } from '../../../src/core/content/index.ts'
import { idOf, planFiles, ruleFile } from '../../preview/plan-content.ts'

const head = (name: string) => `title: ${name}
id: ${idOf(name)}
status: stable
description: For a test.
author: gitsoc
date: 2026-05-01
tags: [attack.credential-access, attack.t1110]
falsepositives: [None known]
level: high
`
const counted = (name: string) => ruleFile(name, name).replace('title:', `name: ${name}_rule\ntitle:`)
const correlation = (body: string) => `${head('own')}correlation: ${body}\n`
const rarity = (body: string) =>
  `${head('own')}owner: soc\nlogsource: { product: generic, service: any }\ndetection: { selection: { action: seen }, condition: selection }\n${body}\n`

async function review(folder: 'correlation' | 'rarity', rule: string, fixture: string | null) {
  const files = {
    ...planFiles(),
    'rules/detection/one.yaml': counted('one'),
    'rules/detection/two.yaml': counted('two'),
    'rules/detection/fixtures/one.yaml': 'positive: [{ action: one, user: u }]\nnegative: [{ action: other }]\n',
    'rules/detection/fixtures/two.yaml': 'positive: [{ action: two, user: u }]\nnegative: [{ action: other }]\n',
    [`rules/${folder}/own.yaml`]: rule,
    ...(fixture === null ? {} : { [`rules/${folder}/fixtures/own.yaml`]: fixture }),
  }
  const { bundle, problems } = compileBundle(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    'test',
  )
  if (bundle === null) throw new Error(JSON.stringify(problems))
  const place = { file: `rules/${folder}/own.yaml`, line: 1, column: 1 }
  const { mutation, tests } = await reviewContent(bundle, [
    { change: 'changed', kind: folder, id: idOf('own'), title: 'own', place },
  ])
  const [score] = mutation
  const names = score?.survived.map((one) => one.mutation)
  return { kind: score?.kind, mutants: score?.mutants, refused: score?.refused, names, problems: tests.problems }
}

const failedLogins = correlation(
  '{ type: event_count, rules: [one_rule, two_rule], group-by: [user], timespan: 10m, condition: { gte: 3 } }',
)
const at = (time: string, rest: string) => `{ at: 2026-05-01T${time}Z, ${rest} }`
const story = (...lines: readonly string[]) => `  - events: [${lines.join(', ')}]\n`

test('stories that try bound, time, group and rules of a correlation leave no way to break it unnoticed', async () => {
  const fixture = `positive:
${story(at('08:00:00', 'times: 3, every: 4m, alerts: 1, as: one_rule'))}${story(at('08:00:00', 'times: 3, every: 4m, alerts: 1, as: two_rule'))}negative:
${story(at('08:00:00', 'times: 2, every: 1m, as: one_rule'))}${story(at('08:00:00', 'times: 3, every: 7m, as: one_rule'))}${story(
  at('08:00:00', 'times: 2, every: 1m, as: one_rule'),
  at('08:00:30', 'times: 2, every: 1m, as: one_rule, record: { user: v }'),
)}`
  expect(await review('correlation', failedLogins, fixture)).toEqual({
    ...{ kind: 'correlation', mutants: 7, refused: 0, names: [], problems: [] },
  })
})

test('what no story tries is told in words', async () => {
  const fixture = `positive:
${story(at('08:00:00', 'times: 3, every: 1m, alerts: 1, as: one_rule'))}negative:
${story(at('08:00:00', 'as: one_rule'))}`
  expect((await review('correlation', failedLogins, fixture)).names).toEqual([
    'a lower bound of gte',
    'half the timespan',
    'twice the timespan',
    'leave out the group user',
    'leave out two_rule of rules',
  ])
})

test('a correlation without stories loads, and every way to break it goes unnoticed', async () => {
  const found = await review('correlation', failedLogins, null)
  expect(found).toMatchObject({ problems: [], mutants: 7, refused: 0 })
  expect(found.names).toHaveLength(7)
})

test('the order of a correlation is tried by the other order', async () => {
  const rule = correlation('{ type: temporal_ordered, rules: [one_rule, two_rule], group-by: [user], timespan: 10m }')
  const inOrder = story(at('08:00:00', 'as: one_rule'), at('08:06:00', 'as: two_rule, alerts: 1'))
  const late = story(at('08:00:00', 'as: one_rule'), at('08:15:00', 'as: two_rule'))
  const others = story(at('08:00:00', 'as: one_rule'), at('08:01:00', 'as: two_rule, record: { user: v }'))
  const turned = story(at('08:00:00', 'as: two_rule'), at('08:01:00', 'as: one_rule'))
  expect((await review('correlation', rule, `positive:\n${inOrder}negative:\n${late}${others}`)).names).toEqual([
    'in any order',
  ])
  expect(
    (await review('correlation', rule, `positive:\n${inOrder}negative:\n${late}${others}${turned}`)).names,
  ).toEqual([])
})

test.each([
  ['a rule that is not counted', 'as: three_rule', /names a detection rule that is counted/],
  ['no rule', 'times: 2, every: 1m', /names a detection rule that is counted, not null/],
  ['a word that is not known', 'as: one_rule, like: x', /"like" is not known here/],
])('a story with %s is a problem with its place', async (_name, line, why) => {
  const fixture = `positive:\n${story(at('08:00:00', `${line}, alerts: 1`))}negative:\n${story(at('08:00:00', 'as: one_rule'))}`
  const { problems, names } = await review('correlation', failedLogins, fixture)
  expect(problems[0]).toMatchObject({
    message: expect.stringMatching(why),
    place: { file: 'rules/correlation/fixtures/own.yaml', line: 2 },
  })
  // A fixture that fails anyway catches nothing.
  expect(names).toBeUndefined()
})

const firstSeen = rarity(
  'first_seen: { entity: { label: user, fields: [user] }, value: { label: host, fields: [host] }, window: 30d, warmUp: { events: 4, days: 2 } }',
)

test('a rarity rule is broken in what it selects and in what it learns', async () => {
  const usual = at('08:00:00', 'times: 5, every: 12h, record: { host: a }')
  const fixture = `record: { action: seen, user: u }
positive:
${story(usual, '{ at: 2026-05-04T00:00:00Z, alerts: 1, record: { host: b } }')}negative:
${story(usual, '{ at: 2026-05-04T00:00:00Z, record: { host: a } }')}`
  const { kind, problems, names } = await review('rarity', firstSeen, fixture)
  expect({ kind, problems }).toEqual({ kind: 'rarity', problems: [] })
  expect(names).toEqual(['twice window', 'half of window', 'half of warmUp.events', 'half of warmUp.days'])
  const thorough = `${fixture}${story('{ at: 2026-05-01T08:00:00Z, times: 3, every: 1d, record: { host: a } }', '{ at: 2026-05-04T00:00:00Z, record: { host: b } }')}${story('{ at: 2026-05-01T08:00:00Z, times: 9, every: 3h, record: { host: a } }', '{ at: 2026-05-02T23:00:00Z, record: { host: b } }')}`
  const better = await review('rarity', firstSeen, thorough)
  expect(better.problems).toEqual([])
  expect(better.names).toEqual(['twice window', 'half of window'])
})
