import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cell, columnsOf, explainIncidentText, plain, renderIncidentText, wrap } from '../../src/cases/index.ts'
import { hostile } from './hostile.ts'
import { madeCase, withEveryText } from './made-case.ts'

test('an incident on the terminal reads as the golden file does', async () => {
  await expect(renderIncidentText(madeCase())).toMatchFileSnapshot('golden/incident.txt')
})

test('with colour the text is the same', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const without = renderIncidentText(madeCase(), { colour: true }).replace(/\u001b\[[\d;]*m/g, '')
  expect(without).toBe(renderIncidentText(madeCase()))
})

test('an explanation says what is known of the values, not only how many are malicious', () => {
  const file = madeCase()
  const [first] = file.incident.enrichments
  if (first === undefined) throw new Error('the made case has no enrichment')
  expect(explainIncidentText(file, 1000)).toContain(`${first.sentence} (${first.verdict}, ${first.provider})`)
})

const controls = /[^\P{C}\n]|[\u2028\u2029]/u

test.each(hostile)('%s in every text of an incident reaches the terminal as text only', (_name, text) => {
  for (const columns of [60, 100, 237]) {
    const lines = renderIncidentText(withEveryText(text), { columns }).split('\n')
    expect(lines.filter((line) => columnsOf(line) > columns)).toEqual([])
    expect(lines.filter((line) => controls.test(line))).toEqual([])
  }
})

test('long lists are cut and the rest is counted', () => {
  const file = madeCase()
  const text = renderIncidentText(
    { ...file, alerts: Array.from({ length: 90 }, () => file.alerts).flat() },
    { rows: 10 },
  )
  expect(text).toContain('and 260 more')
})

test('cutting and wrapping keep to their columns and lose no word', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => plain(text))
  fc.assert(
    fc.property(texts, fc.integer({ min: 4, max: 60 }), (text, columns) => {
      expect(columnsOf(cell(text, columns))).toBe(columns)
      const lines = wrap(text, columns)
      for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns)
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    }),
    { numRuns: 500 },
  )
})
