const isDash = (code: number) => code === 45 || code === 47 || (code >= 0x2013 && code <= 0x2015)

/**
 * A number below 256 for a character in lower case: ASCII stays itself, others share the upper half, and dashes and
 * slashes are one.
 */
export const plainByte = (code: number) =>
  isDash(code) ? 45 : code === 0x17f ? 0x73 : code < 128 ? code : 128 + (code & 127)

const asciiLimit = 127

/** A text beyond ASCII in lower case, which is more there than another letter in the same place, one byte a character. */
export function plainOf(text: string): string {
  const lower = text.toLowerCase()
  const bytes = Buffer.alloc(lower.length)
  for (let at = 0; at < lower.length; at++) bytes[at] = plainByte(lower.charCodeAt(at))
  return bytes.toString('latin1')
}

/**
 * The characters that a set of texts tells apart, numbered from 1; 0 is every other. Case is ignored, any dash or slash
 * stands for any other, and so do some characters beyond ASCII.
 */
export class Alphabet {
  /** How many numbers there are, 0 included. */
  readonly size: number
  /** By character, of ASCII in either case or of a plain text, its number. */
  readonly numbers = new Uint8Array(256)

  constructor(texts: readonly string[]) {
    const order = [...new Set(texts.map(plainOf).join(''))].sort()
    this.size = order.length + 1
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code)
      this.numbers[code] = order.indexOf(code > asciiLimit ? character : plainOf(character)) + 1
    }
  }

  /** The numbers of a text's characters. */
  spell(text: string): number[] {
    return Array.from(plainOf(text), (character) => this.numbers[character.charCodeAt(0)] as number)
  }
}
