import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { decodeEvtxChunk, isEvtxChunk } from './evtx.ts'
import { countOpenings, hasDuplicateKey, splitJson } from './json-text.ts'
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

/** Takes what is read, record by record, in order. */
export type Take = (one: Decoded) => void

const maxDepth = 64
const utf8 = new TextDecoder('utf-8', { fatal: true })
const lossy = new TextDecoder('utf-8')

/**
 * Gives the records of a body to `take`: every byte string gives at least one. UTF-8, or UTF-16 that says so with its
 * byte order mark.
 */
export function decodeBody(body: Uint8Array, options: DecodeOptions, take: Take): void {
  if (options.evtx) {
    decodeEvtx(body, take)
    return
  }
  const wide =
    body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : body[0] === 0xfe && body[1] === 0xff ? 'utf-16be' : null
  let text: string
  try {
    text = (wide === null ? utf8 : new TextDecoder(wide, { fatal: true })).decode(body)
  } catch {
    if (wide !== null) take(fail('not-utf8', `the body begins like ${wide.toUpperCase()} and is none`, latin1(body)))
    else if (!options.lines) take(fail('not-utf8', 'the body is not UTF-8', lossy.decode(body.subarray(0, 2000))))
    else
      forLines(lossy.decode(body), (line) =>
        line.includes('\ufffd')
          ? take(fail('not-utf8', 'the line is not UTF-8', line))
          : decodeLine(line, options, take),
      )
    return
  }
  if (text.trim() === '') take(fail('empty', 'the body is empty', text))
  else if (!options.lines) decodeDocument(text, options, take)
  else if (text.startsWith('#separator')) decodeZeek(text, take)
  else forLines(text, (line) => decodeLine(line, options, take))
}

const latin1 = (body: Uint8Array) => new TextDecoder('latin1').decode(body.subarray(0, 2000))

function decodeEvtx(body: Uint8Array, take: Take): void {
  const records = isEvtxChunk(body) ? decodeEvtxChunk(body) : null
  if (records === null)
    take(
      fail('unparsable', 'the bytes are no chunk of an event log', Buffer.from(body.subarray(0, 200)).toString('hex')),
    )
  else if (records.length === 0) take(fail('empty', 'the chunk of the event log holds no record', ''))
  else for (const one of records) take(one.ok ? bounded(one.value, '') : fail('unparsable', one.message, one.text))
}

function decodeZeek(text: string, take: Take): void {
  const rows = parseZeekTsv(text)
  if (rows.length === 0) take(fail('empty', 'the log has a header and no row', text))
  for (const value of rows)
    take(value === null ? fail('unparsable', 'the line does not fit the #fields header', '') : { ok: true, value })
}

function forLines(text: string, each: (line: string) => void): void {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end < 0 ? text.length : end)
    if (line.trim() !== '') each(line)
    start = end < 0 ? text.length : end + 1
  }
}

function decodeLine(line: string, options: DecodeOptions, take: Take): void {
  const start = line.trimStart()
  if (start[0] !== '{' && start[0] !== '[') decodeText(line, options, take)
  else if (start[0] === '{' || !options.plainText) decodeJson(line, options, take)
  else {
    const parsed = parseJson(line)
    if (!parsed.ok && !beginsList.test(start)) decodeText(line, options, take)
    else takeJson(parsed, line, options, take)
  }
}

/** A list of records, broken or not: what else begins with a bracket, such as "[error] …", is text unless it parses. */
const beginsList = /^\[\s*\{/

function decodeDocument(text: string, options: DecodeOptions, take: Take): void {
  const trimmed = text.trimStart()
  const events = trimmed.startsWith('<') ? parseXmlEvents(trimmed) : null
  if (events !== null) for (const value of events) take(bounded(value, text))
  else if (!/^[{[]/.test(trimmed)) forLines(trimmed, (line) => decodeText(line, options, take))
  else {
    const parsed = parseJson(text)
    if (!parsed.ok && options.plainText && trimmed.startsWith('[') && !beginsList.test(trimmed)) {
      forLines(text, (line) => decodeLine(line, options, take))
      return
    }
    const parts = parsed.ok ? [] : splitJson(text)
    if (parts.length > 1) for (const part of parts) decodeJson(part, options, take)
    else takeJson(parsed, text, options, take)
  }
}

/** Gives the records of one JSON text to `take`. */
export function decodeJson(text: string, options: Pick<DecodeOptions, 'strictKeys'>, take: Take): void {
  takeJson(parseJson(text), text, options, take)
}

type Parsed = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string }

function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch (error) {
    return { ok: false, message: `not JSON: ${(error as Error).message.slice(0, 120)}` }
  }
}

function takeJson(parsed: Parsed, text: string, options: Pick<DecodeOptions, 'strictKeys'>, take: Take): void {
  if (!parsed.ok) {
    take(fail('unparsable', parsed.message, text))
    return
  }
  const refusal = refusalOf(parsed.value, text, options)
  if (refusal !== null) take(refusal)
  else if (Array.isArray(parsed.value))
    for (const item of parsed.value as readonly Json[])
      take(
        isObject(item)
          ? { ok: true, value: item }
          : fail('not-an-object', 'an element is not an object', scalarText(item)),
      )
  else
    take(
      isObject(parsed.value)
        ? { ok: true, value: parsed.value }
        : fail('not-an-object', 'the record is not an object', text),
    )
}

/** Why a JSON text is not taken although it parses; null when it is. */
function refusalOf(value: Json, text: string, options: Pick<DecodeOptions, 'strictKeys'>): Decoded | null {
  if (countOpenings(text, maxDepth) > maxDepth && tooDeep(value, maxDepth)) return fail('too-deep', deepMessage, text)
  if (options.strictKeys && hasDuplicateKey(text, value))
    return fail('duplicate-key', 'an object has the same key twice, readers could disagree on its value', text)
  return Array.isArray(value) && value.length === 0 ? fail('empty', 'the list is empty', text) : null
}

/** A value that is no object as a bounded text. */
export const scalarText = (item: Json): string => (typeof item === 'string' ? item : JSON.stringify(item))

/** A line of text; JSON behind a syslog header counts as that JSON, under the same bounds. */
function decodeText(line: string, options: DecodeOptions, take: Take): void {
  const parsed = parseTextLine(line.replace(/\r$/, ''))
  if (parsed === null || (parsed.format === 'text' && !options.plainText)) {
    take(fail('unparsable', 'neither JSON nor a log format that is known', line))
    return
  }
  const { format, message } = parsed
  const inner =
    format === 'syslog' && typeof message === 'string' && message.trimStart().startsWith('{') ? message : null
  const json = inner === null ? null : parseJson(inner)
  if (inner !== null && json?.ok === true) takeJson(json, inner, options, take)
  else take({ ok: true, value: parsed })
}

const deepMessage = `nests more than ${maxDepth} deep`

const bounded = (value: JsonObject, text: string): Decoded =>
  tooDeep(value, maxDepth) ? fail('too-deep', deepMessage, text) : { ok: true, value }

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
