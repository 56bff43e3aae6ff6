import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer, type RawDelivery } from '../../src/core/normalize/index.ts'
import { type NewDelivery, readStream } from '../../src/ingest/index.ts'
import { ownBundle } from '../support/content.ts'

const { integrations } = await ownBundle()
const normalizer = createNormalizer(integrations, tenantId('main'))
const lines = Array.from({ length: 50 }, (_, n) => `{"id":"${n}","title":"Zürich \u{1f512} ${n}","severity":"high"}`)
const text = `\ufeff${lines.join('\r\n')}\r\n`
const little = Buffer.from(text, 'utf16le')
const big = Buffer.from(little).swap16()

async function titles(bytes: Buffer, size: number): Promise<readonly (string | undefined)[]> {
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  const found: NewDelivery[] = []
  for await (const one of readStream(Readable.from(parts), () => 0, null)) found.push(one)
  return found.flatMap((one, seq) =>
    normalizer
      .normalize({ ...one, seq })
      .map((each) => (each.kind === 'event' ? each.alert?.title : `${each.kind} ${JSON.stringify(each)}`)),
  )
}

test.each([
  ['UTF-16LE', little],
  ['UTF-16BE', big],
  ['UTF-16LE in gzip', gzipSync(little)],
])('a file in %s is read line by line, wherever its parts are cut', async (_name, bytes) => {
  const wanted = lines.map((_, n) => `Zürich \u{1f512} ${n}`)
  for (const size of [7, 4096]) expect(await titles(bytes, size)).toEqual(wanted)
})

const webhook = (body: Uint8Array): RawDelivery => ({
  seq: 1,
  source: 'generic',
  transport: 'webhook',
  contentType: 'application/json',
  receivedAt: 0,
  body,
})

test.each([
  ['little-endian', (one: string) => Buffer.from(`\ufeff${one}`, 'utf16le')],
  ['big-endian', (one: string) => Buffer.from(`\ufeff${one}`, 'utf16le').swap16()],
])('a delivery in UTF-16, %s, is the same record as in UTF-8', (_name, wide) => {
  const [first] = normalizer.normalize(webhook(wide(lines[0] as string)))
  const [other] = normalizer.normalize(webhook(Buffer.from(lines[0] as string)))
  expect(first).toEqual(other)
  expect(first).toMatchObject({ kind: 'event' })
})

test('what begins like UTF-16 and is none is one dead letter', () => {
  const broken = Buffer.concat([Buffer.from('\ufeff{"a":"', 'utf16le'), Buffer.from([0x00, 0xd8, 0x22])])
  expect(normalizer.normalize(webhook(broken))).toMatchObject([{ kind: 'dead', code: 'not-utf8', records: 1 }])
})
