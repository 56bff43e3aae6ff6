import type { Json, JsonObject } from '../model/index.ts'
import { BinaryXmlFault, createBinaryXml, type XmlElement } from './binary-xml.ts'
import { windowsEvent } from './windows-xml.ts'

/** A record of a chunk, or why it cannot be read with the beginning of its bytes in hexadecimal. */
export type EvtxRecord =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly message: string; readonly text: string }

/** The content type of a delivery that is one chunk of a Windows event log, which the reader of files gives it. */
export const evtxType = 'application/x-evtx'

const chunkMagic = 'ElfChnk\0'
const recordMagic = 0x00002a2a
const firstRecord = 0x200
const headBytes = 24
const shownBytes = 200

/** Whether bytes are a chunk of a Windows event log. */
export function isEvtxChunk(body: Uint8Array): boolean {
  return body.length >= firstRecord && latin(body.subarray(0, 8)) === chunkMagic
}

/**
 * The records of a chunk of a Windows event log (EVTX) in the form that Windows events have as JSON. Total: a record that
 * is damaged is one that could not be read, and what stands behind it is looked for.
 */
export function decodeEvtxChunk(chunk: Uint8Array): readonly EvtxRecord[] {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  // Behind the free space's beginning stand only leftovers; one that leaves no room for records, or lies outside, is no end.
  const free = view.getUint32(0x30, true)
  const end = free > firstRecord && free <= chunk.length ? free : chunk.length
  const xml = createBinaryXml(chunk)
  const records: EvtxRecord[] = []
  let at = firstRecord
  while (at < end) {
    const size = sizeAt(view, at, end)
    if (size === null) {
      const next = nextRecord(view, at + 8, end)
      // Zeros up to the end are room that was never used.
      if (next < end || !chunk.subarray(at, end).every((byte) => byte === 0))
        records.push(damaged(chunk, at, next, `${next - at} bytes are no record`))
      at = next
      continue
    }
    records.push(readRecord(xml, chunk, at, size))
    at += size
  }
  return records
}

function readRecord(xml: ReturnType<typeof createBinaryXml>, chunk: Uint8Array, at: number, size: number): EvtxRecord {
  try {
    const root = xml.read(at + headBytes, at + size - 4)
    const event = elementValue(root)
    if (root.name !== 'Event' || typeof event !== 'object' || event === null || Array.isArray(event))
      return damaged(chunk, at, at + size, `a record is no event but "${root.name.slice(0, 40)}"`)
    return { ok: true, value: windowsEvent(event as JsonObject) }
  } catch (error) {
    if (!(error instanceof BinaryXmlFault)) throw error
    return damaged(chunk, at, at + size, `a record cannot be read: ${error.message}`)
  }
}

/** The size of the record that begins there, which it states at both ends, or null when there is none. */
function sizeAt(view: DataView, at: number, end: number): number | null {
  if (at + headBytes + 4 > end || view.getUint32(at, true) !== recordMagic) return null
  const size = view.getUint32(at + 4, true)
  return size >= headBytes + 4 && at + size <= end && view.getUint32(at + size - 4, true) === size ? size : null
}

/** Records begin at multiples of eight. */
function nextRecord(view: DataView, from: number, end: number): number {
  for (let at = Math.ceil(from / 8) * 8; at < end; at += 8) if (sizeAt(view, at, end) !== null) return at
  return end
}

function damaged(chunk: Uint8Array, from: number, to: number, message: string): EvtxRecord {
  const shown = chunk.subarray(from, Math.min(to, from + shownBytes))
  return { ok: false, message, text: Buffer.from(shown).toString('hex') }
}

/** An element in the form that the parser of XML text gives. */
function elementValue(element: XmlElement): Json {
  const members = new Map<string, Json>(element.attributes.map(([name, value]) => [`@${name}`, value]))
  const texts: string[] = []
  const lists = new Map<string, Json[]>()
  for (const child of element.children) {
    if (typeof child === 'string') texts.push(child)
    else {
      const list = lists.get(child.name) ?? []
      lists.set(child.name, list)
      list.push(elementValue(child))
    }
  }
  const text = texts.join('')
  if (members.size === 0 && lists.size === 0) return text
  for (const [name, list] of lists) members.set(name, list.length === 1 ? (list[0] as Json) : list)
  if (text.trim() !== '') members.set('#text', text)
  return Object.fromEntries(members)
}

const latin = (bytes: Uint8Array) => String.fromCharCode(...bytes)
