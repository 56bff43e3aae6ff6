import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proposalsText } from '../../src/cli/proposals-text.ts'

const hidden = /[^\n\P{C}]/u

test('whatever a proposal holds, its lines stay what they are, with their indentation, and nothing in them is hidden', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '\u001b[2J', '\u200b', '\u202e', '\u2066', '\r', '\ufeff', '\n', '\u0007'),
  })
  fc.assert(
    fc.property(text, text, text, text, (title, body, file, why) => {
      const proposal = { key: 'incident-1-report', title, body, direct: false, files: [{ path: 'a/b.md', text: file }] }
      const left = [{ what: why, why }]
      const printed = proposalsText({ proposals: [proposal], left } as never, [], true)
      expect(printed).not.toMatch(hidden)
      // A break in a title or reason begins no line of its own; those of a body and a file do.
      expect(printed.split('\n').length).toBeLessThanOrEqual(body.split('\n').length + file.split('\n').length + 8)
    }),
  )
  const yaml = {
    key: 'k',
    title: 't',
    body: 'b',
    direct: true,
    files: [{ path: 'x.yaml', text: 'a:\n  - b\u200bc\n' }],
  }
  expect(proposalsText({ proposals: [yaml], left: [] } as never, [], true)).toBe(
    't  (without a review)\n  b\n  x.yaml, 2 lines\n\n    a:\n      - bc\n',
  )
})
