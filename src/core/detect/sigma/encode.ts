import type { ValueFault } from './modifier-rules.ts'

const maxDashes = 4

/**
 * The texts that a literal value becomes under its transformations, from left to right (`wide|base64offset`, `windash|base64`):
 * bytes are carried from one to the next, and what comes out as bytes is read one character a byte.
 */
export function encode(literal: string, modifiers: readonly string[]): readonly string[] | ValueFault {
  let values: readonly Buffer[] = [Buffer.from(literal, 'utf8')]
  let isText = true
  if (modifiers.includes('windash')) {
    const permuted = permuteDashes(literal)
    if (permuted.length > 5 ** maxDashes)
      return { message: `"windash" before an encoding takes at most ${maxDashes} dashes`, hint: 'shorten the value' }
    values = permuted.map((text) => Buffer.from(text, 'utf8'))
  }
  for (const modifier of modifiers) {
    const step = steps[modifier]
    if (step === undefined) continue
    values = values.flatMap((bytes) => step(bytes))
    isText = modifier.startsWith('base64')
  }
  return values.map((bytes) => bytes.toString(isText ? 'utf8' : 'latin1'))
}

const utf16le = (bytes: Buffer) => Buffer.from(bytes.toString('utf8'), 'utf16le')

const steps: Readonly<Record<string, (bytes: Buffer) => readonly Buffer[]>> = {
  wide: (bytes) => [utf16le(bytes)],
  utf16le: (bytes) => [utf16le(bytes)],
  utf16be: (bytes) => [utf16le(bytes).swap16()],
  utf16: (bytes) => [Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le(bytes)])],
  base64: (bytes) => [Buffer.from(bytes.toString('base64'))],
  base64offset: (bytes) => [0, 1, 2].map((offset) => Buffer.from(fragment(bytes, offset))),
}

/** What stands in Base64 for these bytes whatever lies around them, when `offset` bytes come before in their group of three. */
function fragment(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  return text.slice([0, 2, 3][offset], (bytes.length + offset) % 3 === 0 ? undefined : -1)
}

/** Dashes that begin an option, as `withAnyDash` finds them; the set is the specification's. */
const optionDash = /(?<!\w)[-/\u2013-\u2015](?=\w)/
const dashes = ['-', '/', '\u2013', '\u2014', '\u2015']

function permuteDashes(text: string): readonly string[] {
  const [first = '', ...rest] = text.split(optionDash)
  let texts: readonly string[] = [first]
  for (const part of rest.slice(0, maxDashes + 1))
    texts = texts.flatMap((one) => dashes.map((dash) => one + dash + part))
  return texts
}
