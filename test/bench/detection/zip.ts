import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

/**
 * The text of one member of a zip file, found by its central directory (PKWARE APPNOTE 4.3.12 and 4.3.16; no zip64, no
 * encryption: recordings have neither).
 */
export function readZipMember(path: string, member: string): string {
  const file = readFileSync(path)
  const end = file.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0) throw new Error(`${path} is no zip file`)
  let at = file.readUInt32LE(end + 16)
  for (let left = file.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = file.readUInt16LE(at + 28)
    const name = file.toString('utf8', at + 46, at + 46 + nameLength)
    if (name === member) {
      const header = file.readUInt32LE(at + 42)
      const start = header + 30 + file.readUInt16LE(header + 26) + file.readUInt16LE(header + 28)
      const packed = file.subarray(start, start + file.readUInt32LE(at + 20))
      return (file.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed)).toString('utf8')
    }
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32)
  }
  throw new Error(`${path} has no member ${member}`)
}
