import { WriteStream } from 'node:tty'
import { expect, test } from 'vitest'
import { createProgress } from '../../src/cli/progress.ts'

/** What is drawn on a terminal of 60 columns, or on none. */
function drawn(isTTY: boolean, work: (progress: ReturnType<typeof createProgress>) => void): readonly string[] {
  const lines: string[] = []
  const out = Object.assign(Object.create(WriteStream.prototype) as WriteStream, {
    isTTY,
    columns: 60,
    write: (text: string) => lines.push(text.replace('\r\x1b[2K', '')) > 0,
  })
  work(createProgress('reading', out))
  return lines
}

test('a bar fills, is never wider than the terminal, and is taken away', () => {
  const lines = drawn(true, (progress) => {
    progress.update(50, 100, 'half')
    progress.update(100, 100, 'x'.repeat(100))
    progress.end()
  })
  expect(lines[0]).toMatch(/^reading █{14}░{14} {2}50 % half$/)
  expect(lines[1]).toMatch(/^reading █{28} 100 % x+$/)
  expect(Math.max(...lines.map((one) => one.length))).toBeLessThan(60)
  expect(lines.at(-1)).toBe('')
})

test('without a known end it says how far it is', () => {
  expect(drawn(true, (progress) => progress.update(0, 0, '7 chunks'))).toEqual(['reading 7 chunks'])
})

test('where there is no terminal nothing is drawn', () => {
  expect(drawn(false, (progress) => [progress.update(1, 2), progress.update(0, 0, 'x'), progress.end()])).toEqual([])
})
