import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type NewDelivery, readFiles, readRecording } from '../../src/ingest/index.ts'
import { folderOf } from '../support/folder.ts'

const at = Date.UTC(2026, 4, 12, 8)
const line = (more: object = {}) => JSON.stringify({ at, source: 'okta', body: { eventType: 'x' }, ...more })

async function read(content: string | Uint8Array, source?: string): Promise<readonly NewDelivery[]> {
  const dir = folderOf({ 'some.name': content })
  const found: NewDelivery[] = []
  const options = { clock: () => 7, ...(source === undefined ? {} : { source }) }
  for await (const chunk of readFiles([join(dir, 'some.name')], options)) found.push(...chunk)
  return found
}

const shown = ({ source, transport, receivedAt, body }: NewDelivery) => [
  source,
  transport,
  receivedAt,
  Buffer.from(body).toString(),
]
const asOkta = ['okta', 'webhook', at, '{"eventType":"x"}']

test.each<[string, string | Uint8Array]>([
  ['lines', `${line()}\n${line({ at: at + 1, source: 'wazuh', body: 'as text' })}\n`],
  ['lines that end without a line end', `${line()}\n${line({ at: at + 1, source: 'wazuh', body: 'as text' })}`],
  ['gzip', gzipSync(`${line()}\n${line({ at: at + 1, source: 'wazuh', body: 'as text' })}\n`)],
])('a recording is known by its lines, whatever the file is called: %s', async (_name, content) => {
  expect((await read(content)).map(shown)).toEqual([asOkta, ['wazuh', 'webhook', at + 1, 'as text']])
})

test('a recording of one delivery is one too', async () => {
  expect((await read(line())).map(shown)).toEqual([asOkta])
})

test.each([2, 5])('a recording whose first line has %s MB is one too', async (megabytes) => {
  const long = line({ body: 'x'.repeat(megabytes * 1_000_000) })
  const found = await read(`${long}\n${line({ at: at + 1 })}\n`)
  expect(found.map((one) => [one.source, one.transport, one.receivedAt, one.body.length])).toEqual([
    ['okta', 'webhook', at, megabytes * 1_000_000],
    ['okta', 'webhook', at + 1, 17],
  ])
})

test('a long line that only begins like a recorded delivery is read as any line, and nothing behind it is lost', async () => {
  const long = line({ body: 'x'.repeat(2_000_000), id: 1 })
  const found = await read(`${long}\n{"a":1}\n`)
  expect(found.every((one) => one.transport === 'file' && one.source === null)).toBe(true)
  expect(found.map((one) => Buffer.from(one.body).toString()).join('')).toBe(`${long}\n{"a":1}\n`)
})

test.each([
  ['a member more', line({ id: 1 })],
  ['no time', line({ at: '2026-05-12' })],
  ['a time that no calendar has', line({ at: 9e15 })],
  ['a time before 1970', line({ at: -1 })],
  ['a source that is no id', line({ source: '../okta' })],
  ['no body', line({ body: null })],
])('a file that begins with %s is read as any file', async (_name, first) => {
  const found = await read(`${first}\n${line()}\n`)
  expect(found.map(shown)).toEqual([[null, 'file', 7, `${first}\n${line()}\n`]])
})

test('a source that is given holds for what lines are, not what they say', async () => {
  expect((await read(`${line()}\n`, 'generic')).map(shown)).toEqual([['generic', 'file', 7, `${line()}\n`]])
})

test('lines of a recording that are none are read as lines of any file, and none is lost', async () => {
  const other = fc.constantFrom('{"a":1}', 'text', '{"at":', '', line({ at: 9e15 }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(other, fc.constant(line())), { maxLength: 12 }), async (more) => {
      const lines = [line(), ...more]
      const found = await read(lines.map((one) => `${one}\n`).join(''))
      expect(found.filter((one) => one.transport === 'webhook')).toHaveLength(
        lines.filter((one) => one === line()).length,
      )
      const rest = found.filter((one) => one.transport === 'file').map((one) => Buffer.from(one.body).toString())
      expect(rest.join('').replace(/^\n+|(?<=\n)\n/g, '')).toBe(
        lines.map((one) => (one === line() || one === '' ? '' : `${one}\n`)).join(''),
      )
    }),
    { numRuns: 40 },
  )
})

test('where only a recording will do, a line that is none is named', async () => {
  const dir = folderOf({ 'recording.ndjson': `${line()}\n{"a":1}\n` })
  await expect(readRecording(join(dir, 'recording.ndjson'))).rejects.toThrow(
    'recording.ndjson:2 is no recorded delivery',
  )
})
