/** A Windows event to be written: System by name (attributes beside the text), and the members of EventData in order. */
export interface WrittenEvent {
  readonly id: number
  readonly channel: string
  readonly computer: string
  readonly provider: string
  readonly at: Date
  readonly record: bigint
  readonly data: readonly (readonly [name: string | null, value: string | bigint | boolean | readonly string[]])[]
}

const chunkBytes = 65_536
const firstRecord = 0x200
const ticks = (at: Date) => BigInt(at.getTime()) * 10_000n + 116_444_736_000_000_000n

/**
 * A Windows event log (EVTX) with these events, made for tests from the format's description (libevtx, MS-EVEN6): every
 * chunk takes `perChunk` events; those with equal names of data share a template, which stands with the first.
 */
export function evtxFile(events: readonly WrittenEvent[], perChunk = 50): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; at < events.length; at += perChunk) chunks.push(evtxChunk(events.slice(at, at + perChunk)))
  const header = Buffer.alloc(4096)
  header.write('ElfFile\0', 0, 'latin1')
  header.writeUInt32LE(128, 0x20)
  header.writeUInt16LE(1, 0x24)
  header.writeUInt16LE(3, 0x26)
  header.writeUInt16LE(4096, 0x28)
  header.writeUInt16LE(chunks.length, 0x2a)
  return Buffer.concat([header, ...chunks])
}

/** One chunk of such a file. */
export function evtxChunk(events: readonly WrittenEvent[]): Buffer {
  const chunk = new Bytes(chunkBytes)
  chunk.text8('ElfChnk\0', 0)
  chunk.at = firstRecord
  const templates = new Map<string, number>()
  for (const event of events) writeRecord(chunk, event, templates)
  chunk.buffer.writeUInt32LE(128, 0x28)
  chunk.buffer.writeUInt32LE(chunk.at, 0x30)
  return chunk.buffer
}

class Bytes {
  readonly buffer: Buffer
  at = 0

  constructor(size: number) {
    this.buffer = Buffer.alloc(size)
  }
  u8(value: number): void {
    this.at = this.buffer.writeUInt8(value, this.at)
  }
  u16(value: number): void {
    this.at = this.buffer.writeUInt16LE(value, this.at)
  }
  u32(value: number): void {
    this.at = this.buffer.writeUInt32LE(value, this.at)
  }
  u64(value: bigint): void {
    this.at = this.buffer.writeBigUInt64LE(value, this.at)
  }
  text8(text: string, at: number): void {
    this.buffer.write(text, at, 'latin1')
  }
  text(text: string): void {
    this.at += this.buffer.write(text, this.at, 'utf16le')
  }
  /** Writes a length where it was left out, once it is known. */
  length(from: number): void {
    this.buffer.writeUInt32LE(this.at - from - 4, from)
  }
  name(text: string): void {
    this.u32(this.at + 4)
    this.u32(0)
    this.u16(0)
    this.u16(text.length)
    this.text(text)
    this.u16(0)
  }
}

function writeRecord(out: Bytes, event: WrittenEvent, templates: Map<string, number>): void {
  const start = out.at
  out.u32(0x2a2a)
  out.u32(0)
  out.u64(event.record)
  out.u64(ticks(event.at))
  fragmentHeader(out)
  const names = event.data.map(([name]) => name)
  const key = JSON.stringify(names)
  const known = templates.get(key)
  out.u8(0x0c)
  out.u8(1)
  out.u32(7)
  out.u32(known ?? out.at + 4)
  if (known === undefined) {
    templates.set(key, out.at)
    writeTemplate(out, names)
  }
  writeValues(out, event)
  out.u8(0)
  while ((out.at + 4 - start) % 8 !== 0) out.u8(0)
  out.u32(out.at + 4 - start)
  out.buffer.writeUInt32LE(out.at - start, start + 4)
}

function fragmentHeader(out: Bytes): void {
  for (const byte of [0x0f, 1, 1, 0]) out.u8(byte)
}

/** Values 0 to 5 are those of System, the data follow. */
function writeTemplate(out: Bytes, names: readonly (string | null)[]): void {
  out.u32(0)
  for (let index = 0; index < 16; index++) out.u8(index)
  const size = out.at
  out.u32(0)
  fragmentHeader(out)
  element(out, 'Event', [['xmlns', 'http://schemas.microsoft.com/win/2004/08/events/event']], () => {
    element(out, 'System', [], () => {
      element(out, 'Provider', [['Name', 0]])
      element(out, 'EventID', [], () => hole(out, 1, 6))
      element(out, 'TimeCreated', [['SystemTime', 2, 17]])
      element(out, 'EventRecordID', [], () => hole(out, 3, 10))
      element(out, 'Channel', [], () => hole(out, 4, 1))
      element(out, 'Computer', [], () => hole(out, 5, 1))
    })
    element(out, 'EventData', [], () => {
      for (const [index, name] of names.entries())
        element(out, 'Data', name === null ? [] : [['Name', name]], () => hole(out, 6 + index, 1))
    })
  })
  out.u8(0)
  out.length(size)
}

type WrittenAttribute = readonly [name: string, value: string | number, type?: number]

function element(out: Bytes, name: string, attributes: readonly WrittenAttribute[], children?: () => void): void {
  out.u8(attributes.length > 0 ? 0x41 : 0x01)
  out.u16(0xffff)
  const size = out.at
  out.u32(0)
  out.name(name)
  if (attributes.length > 0) {
    const list = out.at
    out.u32(0)
    for (const [index, [attribute, value, type]] of attributes.entries()) {
      out.u8(index < attributes.length - 1 ? 0x46 : 0x06)
      out.name(attribute)
      if (typeof value === 'number') hole(out, value, type ?? 1)
      else {
        out.u8(0x05)
        out.u8(1)
        out.u16(value.length)
        out.text(value)
      }
    }
    out.length(list)
  }
  if (children === undefined) out.u8(0x03)
  else {
    out.u8(0x02)
    children()
    out.u8(0x04)
  }
  out.length(size)
}

function hole(out: Bytes, index: number, type: number): void {
  out.u8(0x0d)
  out.u16(index)
  out.u8(type)
}

function writeValues(out: Bytes, event: WrittenEvent): void {
  const { provider, id, at, record, channel, computer, data } = event
  const values = [
    writtenValue(provider),
    { type: 6, bytes: number(2, BigInt(id)) },
    { type: 17, bytes: number(8, ticks(at)) },
    writtenValue(record),
    writtenValue(channel),
    writtenValue(computer),
    ...data.map(([, value]) => writtenValue(value)),
  ]
  out.u32(values.length)
  for (const { type, bytes } of values) {
    out.u16(bytes.length)
    out.u8(type)
    out.u8(0)
  }
  for (const { bytes } of values) {
    bytes.copy(out.buffer, out.at)
    out.at += bytes.length
  }
}

function writtenValue(value: string | bigint | boolean | readonly string[]): { type: number; bytes: Buffer } {
  if (typeof value === 'string') return { type: 1, bytes: Buffer.from(value, 'utf16le') }
  if (typeof value === 'bigint') return { type: 10, bytes: number(8, value) }
  if (typeof value === 'boolean') return { type: 13, bytes: number(4, value ? 1n : 0n) }
  return { type: 0x81, bytes: Buffer.from(value.map((one) => `${one}\0`).join(''), 'utf16le') }
}

function number(size: 2 | 4 | 8, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes.subarray(0, size)
}
