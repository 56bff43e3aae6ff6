import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEvtxChunk, type EvtxRecord } from '../../../src/core/normalize/evtx.ts'
import { evtxChunk, type WrittenEvent } from '../../support/evtx-file.ts'

const event = (record: number, data: WrittenEvent['data'] = [['Image', 'C:\\a.exe']]): WrittenEvent => ({
  id: 1,
  channel: 'Microsoft-Windows-Sysmon/Operational',
  computer: 'ws-1.example.com',
  provider: 'Microsoft-Windows-Sysmon',
  at: new Date('2026-05-12T08:34:05.120Z'),
  record: BigInt(record),
  data,
})

const dataOf = (one: EvtxRecord | undefined) => {
  if (one?.ok !== true) throw new Error(one === undefined ? 'no record' : one.message)
  return (one.value.Event as { EventData: unknown }).EventData
}

test('a record is the event in the form that Windows events have as JSON', () => {
  const [one, ...more] = decodeEvtxChunk(evtxChunk([event(77)]))
  expect(more).toEqual([])
  expect(one).toEqual({
    ok: true,
    value: {
      Event: {
        System: {
          EventID: 1,
          Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
          TimeCreated: { '#attributes': { SystemTime: '2026-05-12T08:34:05.1200000Z' } },
          EventRecordID: '77',
          Channel: 'Microsoft-Windows-Sysmon/Operational',
          Computer: 'ws-1.example.com',
        },
        EventData: { Image: 'C:\\a.exe' },
        UserData: null,
      },
    },
  })
})

test.each<[string, WrittenEvent['data'], unknown]>([
  [
    'text as it is, whatever XML would make of it',
    [['a', '</Data></Event><Event>&amp;\n <!DOCTYPE x>']],
    { a: '</Data></Event><Event>&amp;\n <!DOCTYPE x>' },
  ],
  ['empty text', [['a', '']], { a: '' }],
  ['numbers of 64 bits, whole', [['a', 18446744073709551615n]], { a: '18446744073709551615' }],
  [
    'truth, which takes four bytes',
    [
      ['a', true],
      ['b', 'next'],
    ],
    { a: 'true', b: 'next' },
  ],
  ['a list as so many members', [['a', ['x', 'y']]], { a: ['x', 'y'] }],
  [
    'members without a name, also together',
    [
      [null, 'x'],
      [null, 'y'],
    ],
    { Data1: 'x', Data2: 'y', Data: ['x', 'y'] },
  ],
  [
    'a name that stands twice',
    [
      ['a', '1'],
      ['a', '2'],
    ],
    { a: ['1', '2'] },
  ],
  ['a name that is special in JavaScript', [['__proto__', 'x']], JSON.parse('{"__proto__":"x"}')],
])('the values of data come out: %s', (_name, data, expected) => {
  expect(dataOf(decodeEvtxChunk(evtxChunk([event(1, data)]))[0])).toEqual(expected)
})

test('records that share a template, and some that have another', () => {
  const events = [event(1), event(2, [['b', 'B']]), event(3, [['Image', 'z']]), event(4, [['b', 'C']])]
  expect(decodeEvtxChunk(evtxChunk(events)).map(dataOf)).toEqual([
    { Image: 'C:\\a.exe' },
    { b: 'B' },
    { Image: 'z' },
    { b: 'C' },
  ])
})

test('a damaged record costs only itself, and is told', () => {
  const chunk = evtxChunk([event(1), event(2), event(3)])
  const second = chunk.indexOf(Buffer.from('**\0\0', 'latin1'), 0x204)
  chunk.writeUInt32LE(0xffffffff, second + 4)
  const records = decodeEvtxChunk(chunk)
  expect(records.map((one) => one.ok)).toEqual([true, false, true])
  expect(records[1]).toMatchObject({ message: expect.stringMatching(/^\d+ bytes are no record$/), text: /^2a2a0000/ })
})

test('a record whose contents end in the middle is told, and the next is read', () => {
  const chunk = evtxChunk([event(1), event(2)])
  const second = chunk.indexOf(Buffer.from('**\0\0', 'latin1'), 0x204)
  chunk.writeUInt8(0x77, second + 24)
  expect(decodeEvtxChunk(chunk)).toMatchObject([{ ok: true }, { ok: false, message: /^a record cannot be read: / }])
})

test('a value that is named more often than a record may hold is refused, in no time', () => {
  const long = 'x'.repeat(9_000)
  const names: WrittenEvent['data'] = Array.from({ length: 250 }, (_, index) => [`n${index}`, index === 0 ? long : ''])
  const chunk = evtxChunk([event(1, names)])
  // Every hole is made to name the long value.
  for (let at = chunk.indexOf(Buffer.from([0x0d])); at >= 0; at = chunk.indexOf(Buffer.from([0x0d]), at + 1))
    if (chunk[at + 3] === 1 && (chunk[at + 1] ?? 0) >= 6) chunk.writeUInt16LE(6, at + 1)
  expect(decodeEvtxChunk(chunk)).toMatchObject([{ ok: false, message: /more than 2000000 characters/ }])
})

test('whatever a chunk holds, its records come out or are told, and none is made up', () => {
  const good = evtxChunk([
    event(1),
    event(2, [
      ['b', 'B'],
      ['c', ['x', 'y']],
    ]),
    event(3, [[null, 'z']]),
  ])
  const damage = fc.array(fc.tuple(fc.integer({ min: 0x30, max: 0x900 }), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(damage, (changes) => {
      const chunk = Buffer.from(good)
      for (const [at, byte] of changes) chunk.writeUInt8(byte, at)
      const records = decodeEvtxChunk(chunk)
      expect(records.length).toBeGreaterThan(0)
      expect(records.filter((one) => one.ok).length).toBeLessThanOrEqual(3)
    }),
    { numRuns: 2000 },
  )
})
