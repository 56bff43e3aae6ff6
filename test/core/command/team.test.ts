import { expect, test } from 'vitest'
import {
  analystNamed,
  analystOf,
  compileTeam,
  helpMarkdown,
  helpText,
  joinTeam,
  noTeam,
  readCommands,
  rolesOf,
  type Team,
  usageOf,
  verbs,
} from '../../../src/core/command/index.ts'
import { documentOf } from '../../support/document.ts'

const head = 'id: a\ntitle: A\nowner: o\nwhy: w\n'
function joined(...texts: readonly string[]) {
  const files = texts.map((text, index) => {
    const compiled = compileTeam(documentOf(`rules/team/${index}.yaml`, head + text))
    if (!compiled.ok) throw new Error('does not compile')
    return compiled.value
  })
  return joinTeam(files)
}

const people = `analysts:
  - { id: analyst-1, email: One@example.com, github: Octo-One, slack: U111, roles: [analyst] }
  - { id: analyst-2, email: two@example.com }
teams:
  - { github: soc, roles: [responder, analyst] }
`
const { team } = joined(people)

test.each<[Parameters<typeof analystOf>[1], string | null]>([
  [{ github: 'OCTO-one' }, 'analyst-1'],
  [{ slack: 'U111' }, 'analyst-1'],
  [{ email: 'TWO@example.com' }, 'analyst-2'],
  [{ github: 'analyst-2' }, null],
  [{ slack: 'u111' }, null],
  [{ email: '' }, null],
  [{}, null],
])('%j is %s', (name, id) => {
  expect(analystOf(team, name)?.id ?? null).toBe(id)
})

test.each<[string, string | null]>([
  ['analyst-1', 'analyst-1'],
  ['@octo-one', 'analyst-1'],
  ['<@U111|somebody>', 'analyst-1'],
  ['two@example.com', 'analyst-2'],
  ['@', null],
  ['<@U999>', null],
])('"%s" names %s', (said, id) => {
  expect(analystNamed(team, said)?.id ?? null).toBe(id)
})

test('roles are those of the person and of the teams that are confirmed, each once', () => {
  expect(rolesOf(team, team.analysts[0] ?? null, ['SOC', 'other'])).toEqual(['analyst', 'responder'])
  expect(rolesOf(team, null, ['other'])).toEqual([])
})

test.each<[string, string[], RegExp]>([
  [
    'one login for two people',
    [people, 'analysts: [{ id: x, email: x@example.com, github: octo-one }]\n'],
    /"octo-one"/,
  ],
  ["an id that is another's login", [people, 'analysts: [{ id: octo-one, email: x@example.com }]\n'], /"octo-one"/],
  ['one address for two people', [people, 'analysts: [{ id: x, email: ONE@example.com }]\n'], /"one@example.com"/],
  ['one member id for two people', [people, 'analysts: [{ id: x, email: x@example.com, slack: U111 }]\n'], /"U111"/],
  ['one team twice', [people, 'teams: [{ github: SOC, roles: [a] }]\n'], /team "soc"/],
  ['rights of a verb in two files', ['verbs: { close: [a] }\n', 'verbs: { close: [b] }\n'], /verb "close"/],
])('%s is a problem that names the first place', (_name, texts, message) => {
  const { problems } = joined(...texts)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toMatch(message)
  expect(problems[0]?.message).toMatch(/rules\/team\/0\.yaml:\d+/)
  expect(problems[0]?.place?.file).toBe('rules/team/1.yaml')
})

test('rights are the defaults but for the verbs that a file names', () => {
  const { rights } = joined('verbs: { close: [lead], why: [] }\n').team
  expect(rights).toEqual({ ...noTeam.rights, close: ['lead'], why: [] })
})

test('the help is one table: every verb with its rights in Markdown, and the same as text', () => {
  const { rights }: Team = joined('verbs: { close: [lead] }\n').team
  const lines = helpMarkdown(rights).split('\n')
  expect(lines).toHaveLength(verbs.length + 2)
  expect(new Set(lines.map((line) => line.match(/(?<!\\)\|/g)?.length))).toEqual(new Set([5]))
  expect(lines.find((line) => line.includes('`/close'))).toContain('| lead |')
  expect(helpText(rights).map((line) => line.split(':')[0])).toEqual(verbs.map(usageOf))
  expect(helpText(rights, 'close')).toEqual([
    expect.stringContaining('/close [verdict] [reason]: '),
    'who may: lead',
    expect.stringContaining('for example: /close'),
  ])
  expect(readCommands(helpMarkdown(rights)).commands).toEqual([])
})
