import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roomOf, ValueMemory } from '../../../src/core/detect/sigma/value-memory.ts'

/** Reads texts one after another as an index does; gives how many were known. */
function readAll(texts: readonly string[], maxBytes: number, marksOf: (text: string) => readonly number[]): number {
  const field = new ValueMemory(maxBytes).open()
  let known = 0
  for (const text of texts) {
    const found = field.find(text)
    if (found !== null) {
      known++
      expect(found.text).toBe(text)
      expect(found.marks).toEqual(marksOf(text))
    } else if (field.admits(text)) field.keep(text, marksOf(text))
  }
  return known
}

test('what is known of a text is what was kept of that text, whatever others came', () => {
  const alike = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 20, maxLength: 22 })
  fc.assert(
    fc.property(
      fc.array(fc.oneof(alike, fc.string()), { maxLength: 30 }),
      fc.constantFrom(1000, 1_000_000),
      (few, bytes) => {
        const texts = Array.from({ length: 20 }, () => few).flat()
        readAll(texts, bytes, (text) => [text.length, text.charCodeAt(0) || 0])
      },
    ),
  )
})

const lines = (count: number) =>
  Array.from({ length: count }, (_, nth) => `C:\\Windows\\System32\\svchost.exe -k ${nth}`)
const again = (texts: readonly string[], times: number) => Array.from({ length: times }, () => texts).flat()

test.each<[string, readonly string[], number, number, number]>([
  ['texts that come by turns are soon known', again(lines(1000), 40), 32e6, 0.6, 1],
  [
    'texts that differ in one character in the middle too',
    again([`${'a'.repeat(300)}1${'a'.repeat(300)}`, `${'a'.repeat(300)}2${'a'.repeat(300)}`], 100),
    32e6,
    0.8,
    1,
  ],
  ['with no memory nothing is', again(lines(3), 100), 0, 0, 0],
  ['what takes more than is allowed is forgotten', again(lines(5000), 4), 20_000, 0, 0.1],
])('%s', (_name, texts, bytes, least, most) => {
  const share = readAll(texts, bytes, () => []) / texts.length
  expect(share).toBeGreaterThanOrEqual(least)
  expect(share).toBeLessThanOrEqual(most)
})

test.each([
  ['', 0],
  ['cmd.exe', 7],
  ['caf\u00e9', 4],
  ['\u20ac100', 8],
])('%j takes %i bytes', (text, bytes) => {
  expect(roomOf(text)).toBe(bytes)
})
