import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer, type Normalized } from '../../src/core/normalize/index.ts'
import { type NewDelivery, readFiles, readStream } from '../../src/ingest/index.ts'
import { ownBundle } from '../support/content.ts'
import { evtxFile, type WrittenEvent } from '../support/evtx-file.ts'
import { folderOf } from '../support/folder.ts'
import { zipFile } from '../support/zip-file.ts'

const clock = () => Date.parse('2026-11-01T00:00:00Z')
const { integrations } = await ownBundle()

async function read(content: Uint8Array): Promise<readonly NewDelivery[]> {
  const dir = folderOf({ file: content })
  const found: NewDelivery[] = []
  for await (const chunk of readFiles([join(dir, 'file')], { clock })) found.push(...chunk)
  return found
}

const texts = (deliveries: readonly NewDelivery[]) => deliveries.map((one) => Buffer.from(one.body).toString('utf8'))

function normalize(deliveries: readonly NewDelivery[]): readonly Normalized[] {
  const normalizer = createNormalizer(integrations, tenantId('main'))
  return deliveries.flatMap((one, seq) => normalizer.normalize({ ...one, seq }))
}

const events: readonly WrittenEvent[] = Array.from({ length: 120 }, (_, index) => ({
  id: 1,
  channel: 'Microsoft-Windows-Sysmon/Operational',
  computer: 'ws-1.example.com',
  provider: 'Microsoft-Windows-Sysmon',
  at: new Date(Date.UTC(2026, 4, 12, 8, 0, index)),
  record: BigInt(index + 1),
  data: [['Image', `C:\\Windows\\${index}.exe`]],
}))

const recordsOf = (all: readonly Normalized[]) =>
  all.flatMap((one) => (one.kind === 'event' ? (one.event.record.Image ?? []) : []))
const images = events.map((_, index) => `C:\\Windows\\${index}.exe`)

test('a Windows event log gives one delivery a chunk, and its events are those of the Windows integration', async () => {
  const deliveries = await read(evtxFile(events))
  expect(deliveries.map((one) => [one.contentType, one.body.length])).toEqual([
    ['application/x-evtx', 65_536],
    ['application/x-evtx', 65_536],
    ['application/x-evtx', 65_536],
  ])
  const all = normalize(deliveries)
  expect(recordsOf(all)).toEqual(images)
  expect(all[7]).toMatchObject({
    event: {
      source: 'windows',
      inbound: 'sysmon',
      logsource: { product: 'windows', service: 'sysmon', category: 'process_creation' },
      occurredAt: Date.UTC(2026, 4, 12, 8, 0, 7),
    },
  })
})

test.each([
  ['in small pieces', 700],
  ['in large ones', 1_000_000],
])('a Windows event log comes out of a stream %s', async (_name, highWaterMark) => {
  const dir = folderOf({ file: evtxFile(events) })
  const found: NewDelivery[] = []
  for await (const one of readStream(createReadStream(join(dir, 'file'), { highWaterMark }), clock, null))
    found.push(one)
  expect(recordsOf(normalize(found))).toEqual(images)
})

test('chunks that were never used are left out, one that is cut off comes as far as it goes', async () => {
  const file = Buffer.concat([
    evtxFile(events.slice(0, 3)),
    Buffer.alloc(65_536),
    evtxFile(events.slice(3, 6)).subarray(4096, 5600),
  ])
  const all = normalize(await read(file))
  expect(recordsOf(all).slice(0, 4)).toEqual(images.slice(0, 4))
  expect(all.filter((one) => one.kind === 'dead')).toHaveLength(1)
  expect(all.at(-1)).toMatchObject({ kind: 'dead', code: 'unparsable' })
})

test('the bytes of a file that are no chunk end as a dead letter', async () => {
  const all = normalize(await read(Buffer.concat([evtxFile(events.slice(0, 1)), Buffer.from('something else')])))
  expect(all).toMatchObject([{ kind: 'event' }, { kind: 'dead', message: 'the bytes are no chunk of an event log' }])
})

test('the files in a zip are read one after the other, gzip and event logs in it too', async () => {
  const zip = zipFile([
    { name: 'a.json', content: '{"a":1}\n{"a":2}\n' },
    { name: 'folder/', content: '' },
    { name: 'empty.json', content: '' },
    { name: '__MACOSX/._a.json', content: 'no event' },
    { name: 'folder/b.json.gz', content: gzipSync('{"b":1}\n{"b":2}\n') },
    { name: 'c.evtx', content: evtxFile(events.slice(0, 2)) },
  ])
  const deliveries = await read(zip)
  expect(texts(deliveries).slice(0, 2)).toEqual(['{"a":1}\n{"a":2}\n', '{"b":1}\n{"b":2}\n'])
  expect(recordsOf(normalize(deliveries))).toEqual(images.slice(0, 2))
})

test('a zip with something behind its end is read by what stands before it', async () => {
  const zip = Buffer.concat([zipFile([{ name: 'a.json', content: '{"a":1}\n{"a":2}\n' }]), Buffer.from('\n')])
  expect(texts(await read(zip))).toEqual(['{"a":1}\n{"a":2}\n'])
})

const overlapping = Array.from({ length: 200 }, (_, index) => ({
  name: 'a.json',
  content: '{"a":1}\n'.repeat(1000),
  ...(index === 0 ? {} : { offset: 0 }),
}))

test.each<[string, Uint8Array, RegExp]>([
  ['cut off', zipFile([{ name: 'a', content: '{"a":1}' }]).subarray(0, 40), /file: /],
  ['encrypted', zipFile([{ name: 'a', content: '{"a":1}', flags: 1 }]), /file: a is encrypted/],
  ['made of files that overlap', zipFile(overlapping), /file: the files in the zip overlap/],
  [
    'in a zip',
    zipFile([{ name: 'in.zip', content: zipFile([{ name: 'a', content: '{}' }]) }]),
    /file: in\.zip: a zip is read as a file of its own/,
  ],
])('a zip that is %s is an error that names it', async (_name, content, message) => {
  await expect(read(content)).rejects.toThrow(message)
})

test('a zip from a stream is refused with what to do', async () => {
  const stream = Readable.from([zipFile([{ name: 'a', content: '{}' }])])
  await expect(readStream(stream, clock, null).next()).rejects.toThrow('a zip is read as a file of its own')
})

test('progress ends at the size of the files, whatever they unpack to', async () => {
  const zip = zipFile([{ name: 'a.json', content: '{"a":1}\n'.repeat(50_000) }])
  const dir = folderOf({ 'a.zip': zip })
  const seen: number[] = []
  for await (const _ of readFiles([dir], { clock, progress: (at) => seen.push(at.bytesRead / at.bytesTotal) }));
  expect(seen.at(-1)).toBe(1)
  expect(Math.max(...seen)).toBe(1)
})
