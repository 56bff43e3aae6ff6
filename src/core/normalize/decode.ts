import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { decodeEvtxChunk, isEvtxChunk } from './evtx.ts'
import { hasDuplicateKey, splitJson } from './json-text.ts'
import { parseTextLine } from './text-line.ts'
import { parseXmlEvents } from './windows-xml.ts'
import { parseZeekTsv } from './zeek-tsv.ts'

/** Why a record could not be read; a closed list. */
export type DecodeCode = 'not-utf8' | 'unparsable' | 'duplicate-key' | 'too-deep' | 'not-an-object' | 'empty'

/** A record as parsed, or why not, with the text it came from for the dead letter. */
export type Decoded =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly code: DecodeCode; readonly message: string; readonly text: string }

/** How a body is to be read: `lines` holds one record a line, `document` is one payload; text lines only from files and syslog. */
export interface DecodeOptions {
  /** The body is a chunk of a Windows event log. */
  readonly evtx: boolean
  readonly lines: boolean
  readonly plainText: boolean
  readonly strictKeys: boolean
}

const maxDepth = 64
const fatal = new TextDecoder('utf-8', { fatal: true })
const lossy = new TextDecoder('utf-8')

/** The records of a body. Total: every byte string gives at least one entry. */
export function decodeBody(body: Uint8Array, options: DecodeOptions): readonly Decoded[] {
  if (options.evtx) return decodeEvtx(body)
  let text: string
  try {
    text = fatal.decode(body)
  } catch {
    if (!options.lines) return [fail('not-utf8', 'the body is not UTF-8', lossy.decode(body.subarray(0, 2000)))]
    return lossy
      .decode(body)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .flatMap((line) =>
        line.includes('\ufffd') ? [fail('not-utf8', 'the line is not UTF-8', line)] : decodeLine(line, options),
      )
  }
  if (text.trim() === '') return [fail('empty', 'the body is empty', text)]
  if (!options.lines) return decodeDocument(text, options)
  if (text.startsWith('#separator'))
    return parseZeekTsv(text).map((value) =>
      value === null ? fail('unparsable', 'the line does not fit the #fields header', '') : { ok: true, value },
    )
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => decodeLine(line, options))
}

function decodeEvtx(body: Uint8Array): readonly Decoded[] {
  if (!isEvtxChunk(body))
    return [
      fail('unparsable', 'the bytes are no chunk of an event log', Buffer.from(body.subarray(0, 200)).toString('hex')),
    ]
  const records = decodeEvtxChunk(body)
  if (records.length === 0) return [fail('empty', 'the chunk of the event log holds no record', '')]
  return records.map((one) => (one.ok ? bounded(one.value, '') : fail('unparsable', one.message, one.text)))
}

function decodeLine(line: string, options: DecodeOptions): readonly Decoded[] {
  const start = line.trimStart()[0]
  if (start === '{' || start === '[') return decodeJson(line, options)
  return decodeText(line, options)
}

function decodeDocument(text: string, options: DecodeOptions): readonly Decoded[] {
  const trimmed = text.trimStart()
  if (trimmed.startsWith('<')) {
    const events = parseXmlEvents(trimmed)
    if (events !== null) return events.map((value) => bounded(value, text))
  }
  if (!/^[{[]/.test(trimmed))
    return trimmed
      .split('\n')
      .filter((line) => line.trim() !== '')
      .flatMap((line) => decodeText(line, options))
  const whole = decodeJson(text, options)
  if (whole.length !== 1 || whole[0]?.ok !== false || whole[0].code !== 'unparsable') return whole
  const parts = splitJson(text)
  return parts.length > 1 ? parts.flatMap((part) => decodeJson(part, options)) : whole
}

/** The records of one JSON text. */
export function decodeJson(text: string, options: Pick<DecodeOptions, 'strictKeys'>): readonly Decoded[] {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    return [fail('unparsable', `not JSON: ${(error as Error).message.slice(0, 120)}`, text)]
  }
  if (tooDeep(value, maxDepth)) return [fail('too-deep', `nests more than ${maxDepth} deep`, text)]
  if (options.strictKeys && hasDuplicateKey(text))
    return [fail('duplicate-key', 'an object has the same key twice, readers could disagree on its value', text)]
  if (Array.isArray(value)) {
    if (value.length === 0) return [fail('empty', 'the list is empty', text)]
    return (value as readonly Json[]).map((item) =>
      isObject(item)
        ? { ok: true, value: item }
        : fail('not-an-object', 'an element is not an object', JSON.stringify(item)),
    )
  }
  return [isObject(value) ? { ok: true, value } : fail('not-an-object', 'the record is not an object', text)]
}

/** A line of text; JSON behind a syslog header counts as that JSON, under the same bounds. */
function decodeText(line: string, options: DecodeOptions): readonly Decoded[] {
  const parsed = parseTextLine(line.replace(/\r$/, ''))
  if (parsed === null || (parsed.format === 'text' && !options.plainText))
    return [fail('unparsable', 'neither JSON nor a log format that is known', line)]
  if (parsed.format === 'syslog' && typeof parsed.message === 'string' && parsed.message.trimStart().startsWith('{')) {
    const inner = decodeJson(parsed.message, options)
    if (inner[0]?.ok !== false || inner[0].code !== 'unparsable') return inner
  }
  return [{ ok: true, value: parsed }]
}

function bounded(value: JsonObject, text: string): Decoded {
  return tooDeep(value, maxDepth) ? fail('too-deep', `nests more than ${maxDepth} deep`, text) : { ok: true, value }
}

function fail(code: DecodeCode, message: string, text: string): Decoded {
  return { ok: false, code, message, text: text.slice(0, 4000) }
}

function tooDeep(value: Json, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) if (tooDeep(item, left - 1)) return true
    return false
  }
  for (const key in value as JsonObject) if (tooDeep((value as JsonObject)[key] as Json, left - 1)) return true
  return false
}
