/** A value of a record: its type and where its bytes stand in the chunk. */
export interface BinaryValue {
  readonly type: number
  readonly start: number
  readonly end: number
}

const listFlag = 0x80
const utf16 = new TextDecoder('utf-16le')
const latin1 = new TextDecoder('windows-1252')

/** Sizes of the members of lists, by type; text members end with a zero instead. */
const sizes: Readonly<Record<number, number>> = {
  ...{ 3: 1, 4: 1, 5: 2, 6: 2, 7: 4, 8: 4, 9: 8, 10: 8, 11: 4, 12: 8, 13: 4 },
  ...{ 15: 16, 16: 8, 17: 8, 18: 16, 20: 4, 21: 8 },
}

/**
 * A value as text, as the event viewer writes it, or the members of a list; nothing for null. Types: MS-EVEN6 2.2.18
 * and the description of libevtx. A value that is shorter than its type gives its bytes in hexadecimal.
 */
export function readValue(chunk: Uint8Array, { type, start, end }: BinaryValue): readonly string[] {
  const bytes = chunk.subarray(start, end)
  if (type === 0 || bytes.length === 0) return type === 1 || type === 2 ? [''] : []
  if ((type & listFlag) === 0) return [scalar(type, bytes)]
  const inner = type & ~listFlag
  if (inner === 1) return members(utf16.decode(bytes))
  if (inner === 2) return members(latin1.decode(bytes))
  const size = sizes[inner]
  if (size === undefined) return [hex(bytes)]
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    scalar(inner, bytes.subarray(index * size, (index + 1) * size)),
  )
}

const members = (text: string) => text.replace(/\0$/, '').split('\0')

function scalar(type: number, bytes: Uint8Array): string {
  if (type === 1) return utf16.decode(bytes).replace(/\0+$/, '')
  if (type === 2) return latin1.decode(bytes).replace(/\0+$/, '')
  if (type === 0x13) return securityId(bytes)
  const wanted = sizes[type]
  // A size is as wide as the machine that wrote it.
  if (wanted === undefined || (bytes.length < wanted && type !== 16)) return hex(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const unsigned = () => (bytes.length >= 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true)))
  switch (type) {
    case 3:
      return String(view.getInt8(0))
    case 4:
      return String(view.getUint8(0))
    case 5:
      return String(view.getInt16(0, true))
    case 6:
      return String(view.getUint16(0, true))
    case 7:
      return String(view.getInt32(0, true))
    case 8:
      return String(view.getUint32(0, true))
    case 9:
      return String(view.getBigInt64(0, true))
    case 10:
      return String(view.getBigUint64(0, true))
    case 11:
      return String(view.getFloat32(0, true))
    case 12:
      return String(view.getFloat64(0, true))
    case 13:
      return view.getUint32(0, true) === 0 ? 'false' : 'true'
    case 15:
      return guid(bytes, view)
    case 16:
      return bytes.length < 4 ? hex(bytes) : `0x${unsigned().toString(16)}`
    case 17:
      return fileTime(view.getBigUint64(0, true))
    case 18:
      return systemTime(view)
    default:
      return `0x${unsigned().toString(16)}`
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase()

function guid(bytes: Uint8Array, view: DataView): string {
  const head = [view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true)]
  const [a, b, c] = head.map((one, index) => one.toString(16).padStart(index === 0 ? 8 : 4, '0'))
  return `{${a}-${b}-${c}-${hex(bytes.subarray(8, 10))}-${hex(bytes.subarray(10, 16))}}`.toUpperCase()
}

/** `S-1-5-21-…`: revision, an authority of 48 bits, sub-authorities. */
function securityId(bytes: Uint8Array): string {
  const count = bytes[1] ?? 0
  if (bytes.length < 8 + count * 4) return hex(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const authority = view.getUint16(2) * 2 ** 32 + view.getUint32(4)
  const rest = Array.from({ length: count }, (_, index) => `-${view.getUint32(8 + index * 4, true)}`)
  return `S-${bytes[0]}-${authority}${rest.join('')}`
}

const epochSeconds = 11_644_473_600n

/** 100 nanoseconds since 1601, UTC, to their last digit; further than dates go, the number itself. */
function fileTime(ticks: bigint): string {
  const milliseconds = Number(ticks / 10_000_000n - epochSeconds) * 1000
  if (milliseconds > 250_000_000_000_000) return String(ticks)
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, `.${String(ticks % 10_000_000n).padStart(7, '0')}Z`)
}

function systemTime(view: DataView): string {
  const [year = 0, month = 0, , day = 0, hour = 0, minute = 0, second = 0, milli = 0] = Array.from(
    { length: 8 },
    (_, index) => view.getUint16(index * 2, true),
  )
  const digits = (value: number, width: number) => String(value).padStart(width, '0')
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}.${digits(milli, 3)}Z`
}
