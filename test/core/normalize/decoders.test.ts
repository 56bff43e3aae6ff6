import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { type Decoded, decodeBody } from '../../../src/core/normalize/decode.ts'
import { unwrap } from '../../../src/core/normalize/envelope.ts'
import { hasDuplicateKey } from '../../../src/core/normalize/json-text.ts'
import { parseTextLine } from '../../../src/core/normalize/text-line.ts'
import { parseXmlEvents } from '../../../src/core/normalize/windows-xml.ts'

function decode(body: string | Uint8Array, options: { lines?: boolean; plainText?: boolean } = {}): readonly Decoded[] {
  const found: Decoded[] = []
  decodeBody(
    typeof body === 'string' ? Buffer.from(body) : body,
    { evtx: false, lines: false, plainText: true, strictKeys: true, ...options },
    (one) => found.push(one),
  )
  return found
}
const values = (found: readonly Decoded[]) => found.map((one) => (one.ok ? one.value : one.code))

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,10}$/)
/** Records as JSON has them: no key that `JSON.parse` would treat otherwise. */
const record = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 })
  .map((one) => JSON.parse(JSON.stringify(one)) as JsonObject)
const records = fc.array(record, { minLength: 1, maxLength: 8 })

describe('what is written is read back', () => {
  test('JSON: one record, a list, one after another, over several lines', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(undefined, 1, '\t'), (some, indent) => {
        expect(values(decode(JSON.stringify(some, null, indent)))).toEqual(some)
        const apart = some.map((one) => JSON.stringify(one, null, indent)).join('\n')
        expect(values(decode(apart))).toEqual(some)
      }),
    )
  })

  test('NDJSON, with empty lines and both ends of a line', () => {
    fc.assert(
      fc.property(records, fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \r\n'), (some, end) => {
        expect(values(decode(some.map((one) => JSON.stringify(one)).join(end), { lines: true }))).toEqual(some)
      }),
    )
  })

  test('CEF, whatever stands in header and extension', () => {
    const header = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((one) => one.trim())
    const value = fc.stringMatching(/^[A-Za-z0-9=\\|:/.]{1,20}$/)
    const escaped = (text: string, what: RegExp) => text.replace(what, (one) => `\\${one}`)
    fc.assert(
      fc.property(header, header, fc.dictionary(name, value, { maxKeys: 5 }), (vendor, title, ext) => {
        const extension = Object.entries(ext).map(([key, one]) => `${key}=${escaped(one, /[\\=]/g)}`)
        const line = `CEF:0|${escaped(vendor, /[\\|]/g)}|p|1|c|${escaped(title, /[\\|]/g)}|5|${extension.join(' ')}`
        const read = parseTextLine(line)
        expect(read).toMatchObject({ format: 'cef', vendor, name: title, severity: '5' })
        expect(read?.ext).toMatchObject(ext)
      }),
    )
  })

  test('LEEF with the delimiter it names', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9 =:/.]{1,20}$/)
    fc.assert(
      fc.property(fc.constantFrom('^', 'x09', '0x7C'), fc.dictionary(name, value, { maxKeys: 5 }), (named, ext) => {
        const delimiter = named === 'x09' ? '\t' : named === '0x7C' ? '|' : '^'
        const pairs = Object.entries(ext).map(([key, one]) => `${key}=${one}`)
        const read = parseTextLine(`LEEF:2.0|V|P|1|e|${named}|${pairs.join(delimiter)}`)
        expect(read).toMatchObject({ format: 'leef', vendor: 'V', eventId: 'e', ext })
      }),
    )
  })

  test('syslog RFC 5424: priority, host, program and message', () => {
    const message = fc.stringMatching(/^[A-Za-z0-9 .:,=]{0,60}$/)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 191 }), name, name, message, (pri, hostname, app, text) => {
        const read = parseTextLine(`<${pri}>1 2026-05-12T08:00:00Z ${hostname} ${app} - - - ${text}`)
        const expected = { format: 'syslog', facility: pri >> 3, severity: pri & 7, hostname, app, message: text }
        expect(read).toMatchObject(expected)
      }),
    )
  })

  test('Windows events in XML', () => {
    const inXml = (text: string) => text.replace(/[<>&"]/g, (one) => `&#${one.charCodeAt(0)};`)
    const data = fc.dictionary(name, fc.stringMatching(/^[A-Za-z0-9<>&".\\]{1,20}$/), { maxKeys: 5 })
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 4 }), (some) => {
        const xml = some.map(
          (one, id) =>
            `<Event><System><EventID>${id + 1}</EventID></System><EventData>${Object.entries(one)
              .map(([key, value]) => `<Data Name="${key}">${inXml(value)}</Data>`)
              .join('')}</EventData></Event>`,
        )
        const read = parseXmlEvents(`<Events>${xml.join('\n')}</Events>`) ?? []
        expect(read.map((one) => (one.Event as JsonObject).EventData)).toEqual(some)
      }),
    )
  })

  test('what stands in envelopes of SNS and Pub/Sub', () => {
    fc.assert(
      fc.property(record, (one) => {
        const text = JSON.stringify(one)
        const data = Buffer.from(text).toString('base64')
        expect(unwrap({ Type: 'Notification', TopicArn: 'arn:x', Message: text })).toEqual({ ok: true, value: one })
        expect(unwrap({ subscription: 'projects/x', message: { data } })).toEqual({ ok: true, value: one })
      }),
    )
  })
})

test('a key that comes twice is found, wherever it is and however it is written', () => {
  fc.assert(
    fc.property(record, name, fc.jsonValue(), (one, key, value) => {
      const text = JSON.stringify(one)
      expect(hasDuplicateKey(text, one)).toBe(false)
      const pair = `${JSON.stringify(key)} : ${JSON.stringify(value)}`
      const escaped = `"\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}":1`
      for (const twice of [
        `{${pair},${escaped}}`,
        `{"a":[{${pair}, ${pair}}]}`,
        `[{"x":{${escaped},"y":"\\":",${pair}}}]`,
      ])
        expect(hasDuplicateKey(twice, JSON.parse(twice) as Json)).toBe(true)
    }),
  )
})

test.each([
  ['a level', '[error] it broke'],
  ['a number', '[12] it broke'],
  ['a section and its keys', '[main]\na = 1'],
  ['several names', '[a][b] x'],
])('a text that begins with a bracket is no JSON, but for a webhook: %s', (_name, body) => {
  const messages = body.split('\n').map((message) => ({ format: 'text', message }))
  expect(values(decode(body))).toEqual(messages)
  expect(values(decode(body, { lines: true }))).toEqual(messages)
  expect(decode(body, { plainText: false }).some((one) => one.ok)).toBe(false)
})

test.each(['[{"a":1}', '[ {"a"', '[{"a":1}}'])('a broken list of records stays broken JSON: %s', (body) => {
  expect(values(decode(body)).includes('unparsable')).toBe(true)
  expect(values(decode(body, { lines: true }))).toEqual(['unparsable'])
})

describe('whatever comes gives records or reasons, and never a fault', () => {
  /** Pieces that decoders look for, put together at random. */
  const pieces = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...[
            '{',
            '}',
            '[',
            ']',
            '"',
            '\\',
            ':',
            ',',
            '\n',
            '\r',
            '\u0000',
            '\ufeff',
            '#separator \\x09\n',
            '#fields\ta\n',
          ],
          ...[
            'CEF:0|',
            'LEEF:2.0|',
            '|',
            '=',
            '<Event ',
            '<Event>',
            '</Event>',
            '<Data Name="a">',
            '<!DOCTYPE',
            '&#x0;',
          ],
          ...[
            '<13>1 ',
            '<34>',
            'May 12 08:00:00 h ',
            '"Type":"Notification"',
            '"__proto__"',
            '"specversion":"1.0"',
            '1e999',
          ],
        ),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      { maxLength: 40 },
    )
    .map((some) => some.join(''))
  const bytes = fc.oneof(
    pieces.map((text) => Buffer.from(text)),
    pieces.map((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
    fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one)),
    pieces.map((text) => gzipSync(text)),
  )

  test('every option, every byte', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (body, lines, plainText, strictKeys, evtx) => {
          const found: Decoded[] = []
          decodeBody(body, { evtx, lines, plainText, strictKeys }, (one) => found.push(one))
          expect(found.length).toBeGreaterThan(0)
          for (const one of found) {
            if (!one.ok) expect(one.text.length).toBeLessThanOrEqual(4000)
            else expect(typeof unwrap(one.value).ok).toBe('boolean')
          }
        },
      ),
      { numRuns: 1500 },
    )
  })

  test.each([
    ['opened objects', '{"a":'],
    ['opened lists', '['],
    ['quotes', '"'],
    ['backslashes in a string', '\\'],
    ['opened events', '<Event '],
    ['data of an event', '<Data>'],
    ['CEF headers', 'CEF:0|a|'],
    ['LEEF fields', 'LEEF:2.0|a^'],
    ['structured data', '[a b="'],
    ['keys of CEF', 'a=b '],
    ['equals signs', '='],
    ['spaces', ' '],
    ['brackets of a date', '<13>1 '],
    ['lines', '\n'],
  ])('half a megabyte of %s is read within the time of a test: squared it would be minutes', (_name, piece) => {
    const size = (count: number) => `${piece.repeat(Math.ceil(count / piece.length))}`
    for (const prefix of [
      '',
      '{"a":"',
      '<13>1 2026-05-12T08:00:00Z h a - - ',
      'CEF:0|a|b|c|d|e|5|',
      '<Event><EventData>',
    ]) {
      const found = decode(prefix + size(500_000))
      expect(found.length).toBeGreaterThan(0)
    }
  })
})
