import fc from 'fast-check'
import { expect, test } from 'vitest'
import { perform, type Speaker } from '../../src/chatops/index.ts'
import { readCommands, verbs } from '../../src/core/command/index.ts'
import { nobody, responder, talk } from './talk.ts'

const word = fc.oneof(
  fc.constantFrom(
    'INC-1',
    'INC-2',
    '#1',
    '99',
    'ap-0000',
    'al-1',
    'run-1',
    'contain',
    'me',
    'nobody',
    'high',
    'closed',
  ),
  fc.constantFrom(
    'done',
    '1',
    '30d',
    'true-positive',
    'x=1',
    '{{7*7}}',
    '$1',
    "'; drop table incident; --",
    '../../etc',
  ),
  fc.constantFrom(
    '$(id)',
    '`id`',
    '<!channel>',
    '@everyone',
    '<script>',
    '%00',
    '\u202e',
    '\u200b',
    'constructor=1',
    '"',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 12 }).map((text) => text.repeat(200)),
)
const line = fc
  .tuple(fc.constantFrom(...verbs), fc.array(word, { maxLength: 5 }))
  .map(([verb, words]) => `/${verb} ${words.join(' ').replace(/[\r\n]/g, ' ')}`)

const commandsOf = (seed: number, count: number) =>
  fc.sample(line, { numRuns: count, seed }).flatMap((text) => readCommands(text).commands)

const strangers: readonly Speaker[] = [
  nobody,
  { actor: 'guest', roles: ['guest'], channel: 'slack' },
  { actor: 'gitsoc[bot]', roles: ['responder', 'incident-lead', 'analyst'], channel: 'github' },
]

test('of 700 generated commands none throws, all are answered in bounded lines, and without a right none changes anything', async () => {
  const world = await talk()
  await world.drain()
  const before = await world.stored()
  const commands = commandsOf(1, 700)
  expect(commands.length).toBeGreaterThan(600)
  for (const [n, command] of commands.entries()) {
    const speaker = strangers[n % strangers.length] as Speaker
    const reply = await perform(world.parts, {
      command,
      speaker,
      incident: n % 7 === 0 ? null : (n % 3) + 1,
      at: world.time.at,
    })
    expect(reply.lines.length).toBeGreaterThan(0)
    expect(reply.lines.length).toBeLessThanOrEqual(60)
    expect(Math.max(...reply.lines.map((one) => one.length))).toBeLessThanOrEqual(1000)
    expect(reply.changed).toBe(false)
  }
  expect(await world.stored()).toEqual(before)
  expect(await world.rows('select count(*)::int as n from indicator')).toEqual([{ n: 0 }])
}, 120_000)

test('of 250 generated commands of somebody who may, each is answered, and what says that nothing changed changed nothing', async () => {
  const world = await talk()
  await world.drain()
  await world.rows(
    `insert into engine_state (tenant, kind, key, doc) values ('main', 'meta', '', '{"correlation":{"nextNumber":3,"watermark":2000}}')`,
  )
  let before = JSON.stringify(await world.stored())
  for (const [n, command] of commandsOf(2, 250).entries()) {
    const reply = await perform(world.parts, {
      command,
      speaker: responder,
      incident: (n % 3) + 1,
      at: world.time.at + n,
    })
    expect(reply.lines.length).toBeGreaterThan(0)
    const after = JSON.stringify(await world.stored())
    if (!reply.changed) expect(after).toBe(before)
    before = after
  }
}, 120_000)
