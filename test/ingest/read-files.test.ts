import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer } from '../../src/core/normalize/index.ts'
import { type NewDelivery, type ReadProgress, readFiles, readStream } from '../../src/ingest/index.ts'
import { createJsonElements } from '../../src/ingest/json-elements.ts'

async function folder(files: Readonly<Record<string, string | Buffer>>) {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-read-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  return dir
}

async function read(paths: readonly string[], progress?: (at: ReadProgress) => void): Promise<readonly NewDelivery[]> {
  const found: NewDelivery[] = []
  for await (const chunk of readFiles(paths, { clock: () => 1000, ...(progress ? { progress } : {}) }))
    found.push(...chunk)
  return found
}

const readText = async (text: string | Buffer) => read([await folder({ file: text })])
const bodyOf = (one: NewDelivery | undefined) => Buffer.from(one?.body ?? '').toString()
const kindsOf = (found: readonly NewDelivery[]) =>
  found.map((one) => `${one.contentType === 'application/x-ndjson' ? 'lines' : 'document'}: ${bodyOf(one)}`)
/** How many records the normaliser finds in all of it: what will be counted. */
const recordsOf = (found: readonly NewDelivery[]) =>
  found.flatMap((one) => createNormalizer([], tenantId('main')).normalize({ ...one, seq: 1 }))
const countOf = (records: ReturnType<typeof recordsOf>) =>
  records.reduce((sum, one) => sum + (one.kind === 'dead' ? one.records : 1), 0)

describe('forms', () => {
  test.each<readonly [string, string, string]>([
    ['NDJSON', '{"a":1}\n{"a":2}\n', 'lines: {"a":1}\n{"a":2}\n'],
    ['NDJSON with a last line that was cut', '{"a":1}\n{"a"', 'lines: {"a":1}\n{"a"'],
    ['NDJSON whose first line is broken', '{"a":\n{"a":2}\n', 'lines: {"a":\n{"a":2}\n'],
    ['NDJSON with a byte order mark and CRLF', '\ufeff{"a":1}\r\n{"a":2}\r\n', 'lines: \ufeff{"a":1}\r\n{"a":2}\r\n'],
    ['one object', '{"a":1}', 'document: {"a":1}'],
    ['one object and a line end', '{"a":1}\n', 'lines: {"a":1}\n'],
    ['an object over several lines', '{\n  "a": 1\n}\n', 'document: {\n  "a": 1\n}\n'],
    ['an object that begins with its first key', '{ "a":\n  { "b": 1 } }', 'document: { "a":\n  { "b": 1 } }'],
    ['a list over several lines', '[\n{"a":1},\n{"a":2}\n]', 'document: [\n{"a":1},\n{"a":2}\n]'],
    ['a list with an element a line', '[{"a":1},\n{"a":2}]', 'document: [{"a":1},\n{"a":2}]'],
    ['objects one after another', '{\n"a":1}\n{\n"a":2}', 'document: {\n"a":1}\n{\n"a":2}'],
    ['records of a trail', '{"Records":[{"a":1},{"a":2}]}', 'document: {"Records":[{"a":1},{"a":2}]}'],
    ['CEF', 'CEF:0|v|p|1|1|n|3|src=192.0.2.1\n', 'lines: CEF:0|v|p|1|1|n|3|src=192.0.2.1\n'],
    ['LEEF', 'LEEF:1.0|v|p|1|1|src=192.0.2.1\n', 'lines: LEEF:1.0|v|p|1|1|src=192.0.2.1\n'],
    ['syslog', '<34>Oct 11 22:14:15 h su: x\n', 'lines: <34>Oct 11 22:14:15 h su: x\n'],
    ['lines with a time in brackets', '[2026-05-12 08:00:00] x\n', 'lines: [2026-05-12 08:00:00] x\n'],
    ['lines with a level in brackets', '[error] x\n[warn] y\n', 'lines: [error] x\n[warn] y\n'],
    ['lines with a time since the start', '[   12.5] x\n', 'lines: [   12.5] x\n'],
    ['a file of sections', '[main]\na = 1\n', 'lines: [main]\na = 1\n'],
    ['XML', '<?xml version="1.0"?>\n<Events></Events>', 'document: <?xml version="1.0"?>\n<Events></Events>'],
    ['an empty file', '', 'document: '],
  ])('%s', async (_name, text, expected) => {
    expect(kindsOf(await readText(text))).toEqual([expected])
  })

  test('lines of text may begin with a bracket; broken lists of records are told', async () => {
    const text = '[error] [client 192.0.2.1] x\n[1] "y"\n{"a":1}\n[{"a":2}]\n[sshd]\n[{"a":\n'
    const records = recordsOf(await readText(`begin\n${text}`))
    const messages = records.map((one) => (one.kind === 'dead' ? `${one.code} ${one.excerpt}` : one.kind))
    expect(messages.filter((one) => one.startsWith('unparsable'))).toEqual(['unparsable [{"a":'])
    expect(messages.filter((one) => one.includes('"format":"text"')).length).toBe(4)
  })

  test('what is only blank is a document, so that it is told rather than passed over', async () => {
    expect(recordsOf(await readText(' \n\n ')).map((one) => one.kind)).toEqual(['dead'])
  })
})

test('lines come in chunks of at most 1,000 and about a megabyte, all of them, in order', async () => {
  const many = Array.from({ length: 2500 }, (_, n) => `{"n":${n}}`)
  const chunks = await readText(`${many.join('\n')}\n`)
  expect(chunks.map((one) => bodyOf(one).trim().split('\n').length)).toEqual([1000, 1000, 500])
  expect(chunks.map(bodyOf).join('').trim().split('\n')).toEqual(many)
  const wide = Array.from({ length: 40 }, (_, n) => `{"n":${n},"x":"${'é'.repeat(100_000)}"}`)
  const wideChunks = await readText(wide.join('\n'))
  expect(wideChunks.length).toBeGreaterThan(5)
  expect(wideChunks.map(bodyOf).join('').trim().split('\n')).toEqual(wide)
})

test('every chunk of a Zeek log carries the header', async () => {
  const header = '#separator \\x09\n#fields\tts\tuid\n#types\ttime\tstring'
  const rows = Array.from({ length: 1500 }, (_, n) => `${n}.0\tC${n}`)
  const chunks = await readText(`${header}\n${rows.join('\n')}\n`)
  expect(chunks.length).toBe(2)
  for (const one of chunks) expect(bodyOf(one).startsWith('#separator')).toBe(true)
  expect(countOf(recordsOf(chunks))).toBe(1500)
})

describe('large JSON', () => {
  const element = (n: number) => ({ n, text: `]}",\\ é ${'x'.repeat(500)}`, inner: [{ a: [] }, '\n'] })
  const elements = Array.from({ length: 12_000 }, (_, n) => element(n))
  const linesOf = (found: readonly NewDelivery[]) =>
    found.flatMap((one) =>
      bodyOf(one)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )

  test.each([
    ['in one line', JSON.stringify(elements)],
    ['over many lines', JSON.stringify(elements, null, 1)],
    ['with an element a line', `[${elements.map((one) => JSON.stringify(one)).join(',\n')}]`],
    ['one object after another', elements.map((one) => JSON.stringify(one, null, 1)).join('\n')],
  ])('is taken apart into its records: %s', async (_name, text) => {
    const found = await readText(text)
    expect(linesOf(found)).toEqual(elements)
    for (const one of found) {
      expect(one.contentType).toBe('application/x-ndjson')
      expect(one.body.byteLength).toBeLessThan(1_100_000)
    }
  })

  test('that breaks off gives what was whole, and the rest as one record that cannot be read', async () => {
    const text = JSON.stringify(elements)
    const records = recordsOf(await readText(text.slice(0, text.length - 300)))
    expect(countOf(records)).toBe(12_000)
    expect(records.map((one) => (one.kind === 'dead' ? one.code : '')).filter((one) => one === 'unparsable')).toEqual([
      'unparsable',
    ])
  })

  test('that is one record past what a record may have is an error that names the file', async () => {
    const dir = await folder({})
    await writeFile(join(dir, 'huge.json'), `{"x":"${'x'.repeat(70 * 1024 * 1024)}"}`)
    await expect(read([dir])).rejects.toThrow(/huge\.json: .*64 MB/)
    await rm(join(dir, 'huge.json'))
    await writeFile(join(dir, 'line.log'), 'x'.repeat(70 * 1024 * 1024))
    await expect(read([dir])).rejects.toThrow(/line\.log: .*64 MB/)
  })

  test('the scanner finds what a parser finds, however the bytes are cut', () => {
    const spaces = fc.constantFrom('', ' ', '\n', '\r\n\t')
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        spaces,
        fc.integer({ min: 1, max: 20 }),
        (values, gap, step) => {
          const bytes = Buffer.from(
            `${gap}[${gap}${values.map((one) => JSON.stringify(one, null, gap === '' ? 0 : 1)).join(`${gap},${gap}`)}${gap}]${gap}`,
          )
          const scanner = createJsonElements(1_000_000)
          const found: Buffer[] = []
          for (let at = 0; at < bytes.length; at += step) found.push(...scanner.push(bytes.subarray(at, at + step)))
          found.push(...scanner.end())
          const isRecord = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one)
          expect(found.map((one) => JSON.parse(one.toString()))).toEqual(
            values.map((one) => (isRecord(one) ? JSON.parse(JSON.stringify(one)) : [JSON.parse(JSON.stringify(one))])),
          )
        },
      ),
    )
  })

  test('the scanner ends on any bytes, and every record is one line', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'{}[]",:\\ \n\ta1'), { maxLength: 60 }), (text) => {
        const scanner = createJsonElements(1000)
        for (const one of [...scanner.push(Buffer.from(text.join(''))), ...scanner.end()])
          expect(one.includes(10)).toBe(false)
      }),
    )
  })
})

describe('gzip', () => {
  const text = '{"a":1}\n{"a":2}\n'

  test('is unpacked by its first bytes, whatever the name and however many members', async () => {
    expect(kindsOf(await readText(gzipSync(text)))).toEqual([`lines: ${text}`])
    expect(kindsOf(await readText(Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')])))).toEqual([
      `lines: ${text}`,
    ])
  })

  test('that was cut or damaged is an error that names the file', async () => {
    const packed = gzipSync(Array.from({ length: 5000 }, (_, n) => `{"n":${Math.sin(n)}}`).join('\n'))
    const damaged = Buffer.from(packed)
    damaged[1000] = (damaged[1000] ?? 0) ^ 0xff
    await expect(readText(packed.subarray(0, packed.length / 2))).rejects.toThrow(/file: unexpected end of file/)
    await expect(readText(damaged)).rejects.toThrow(/file: /)
  })

  test('that unpacks to a thousand times its size goes through without being held', async () => {
    const packed = gzipSync(`${'{"a":"b"}\n'.repeat(2_000_000)}`)
    let bytes = 0
    let most = 0
    for await (const one of readStream(Readable.from([packed]), () => 1, null)) {
      bytes += one.body.byteLength
      most = Math.max(most, one.body.byteLength)
    }
    expect(bytes).toBe(20_000_000)
    expect(most).toBeLessThan(1_100_000)
  })
})

test('directories are walked in the order of names; what is no file is passed over', async () => {
  const dir = await folder({ 'b.json': '{"b":1}', 'a/z.json': '{"z":1}', 'a/1.json': '{"1":1}' })
  await symlink(join(dir, 'nowhere'), join(dir, 'dangling'))
  await symlink(dir, join(dir, 'a', 'circle'))
  expect((await read([dir, join(dir, 'b.json')])).map(bodyOf)).toEqual(['{"1":1}', '{"z":1}', '{"b":1}', '{"b":1}'])
  await expect(read([join(dir, 'missing.json')])).rejects.toThrow('ENOENT')
})

test('progress counts up to all the bytes there are', async () => {
  const seen: ReadProgress[] = []
  const text = `${'{"a":1}\n'.repeat(50_000)}`
  await read([await folder({ a: text, b: gzipSync(text) })], (at) => seen.push(at))
  const total = text.length + gzipSync(text).length
  expect(seen.at(-1)).toEqual({ bytesRead: total, bytesTotal: total })
  for (const [at, one] of seen.entries()) expect(one.bytesRead).toBeGreaterThanOrEqual(seen[at - 1]?.bytesRead ?? 0)
})

test('a stream is read the same however it comes in', async () => {
  const text = Buffer.from('{"a":"é"}\n{"a":2}\n{"a":\n')
  const bodies: string[] = []
  for (const step of [1, 2, 3, 7, 100]) {
    const parts = Array.from({ length: Math.ceil(text.length / step) }, (_, n) =>
      text.subarray(n * step, (n + 1) * step),
    )
    let whole = ''
    for await (const one of readStream(Readable.from(parts), () => 1, 'generic'))
      whole += `${one.source} ${one.contentType} ${bodyOf(one)}`
    bodies.push(whole)
  }
  expect(new Set(bodies)).toEqual(new Set([`generic application/x-ndjson ${text}`]))
  for await (const _ of readStream(Readable.from([]), () => 1, null)) throw new Error('nothing was there')
})
