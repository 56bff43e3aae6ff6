import fc from 'fast-check'
import MarkdownIt from 'markdown-it'
import { expect, test } from 'vitest'
import { fenced, headline } from '../../../src/cases/index.ts'
import { readCommands } from '../../../src/core/command/index.ts'
import { tenantId } from '../../../src/core/model/index.ts'
import { answerText } from '../../../src/github/issues/answer-text.ts'
import { renderIssue } from '../../../src/github/issues/render-issue.ts'
import { hostile } from '../../cases/hostile.ts'
import { withEveryText } from '../../cases/made-case.ts'
import { madeApproval, madeView } from './shown.ts'

const main = tenantId('main')
const markdown = new MarkdownIt({ html: true, linkify: true })

/** What an attacker may write: texts with something in them, and anything at all. */
const nasty = fc.oneof(
  fc.constantFrom(...hostile.map(([, text]) => text)),
  fc
    .array(
      fc.constantFrom(
        '@',
        '#1',
        '```',
        '`',
        '\n',
        '\r\n',
        '/approve ',
        'closes #1',
        '<!--',
        '-->',
        '|',
        '[x](',
        ')',
        'http://x.example',
        '\u202e',
        '    ',
        '~~~',
        '</details>',
        '\\',
        '*',
        'GH-1',
        'acme/soc#1',
        '> ',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

const ourTags = /^<br>$/
const ourLine = /^- (?:`|\*\*)/

/** What of a text would act on GitHub; empty when it is harmless. `inCode` is shown as it is there. */
function acts(text: string): readonly string[] {
  const found: string[] = []
  if (readCommands(text).commands.length + readCommands(text).unknown.length > 0) found.push('a command')
  if (/[\u202a-\u202e\u2066-\u2069]|(?!\n)\p{Cc}/u.test(text)) found.push('a hidden character')
  for (const token of markdown.parse(text, {})) {
    if (token.type === 'html_block' && !/^<!-- gitsoc:[a-z]+ [a-z0-9/-]+ -->\n?$/.test(token.content))
      found.push(`HTML ${token.content.slice(0, 40)}`)
    for (const child of token.children ?? []) {
      if (child.type === 'image') found.push('an image')
      if (child.type === 'link_open') found.push(`a link ${child.attrGet('href')}`)
      if (child.type === 'html_inline' && !ourTags.test(child.content)) found.push(`HTML ${child.content}`)
      if (child.type !== 'text') continue
      if (/(?:^|[^\p{L}\p{N}_])@[\p{L}\p{N}]/u.test(child.content)) found.push(`a mention ${child.content}`)
      if (/(?:#|\bGH-)\d/i.test(child.content)) found.push(`a reference ${child.content}`)
    }
  }
  return found
}

/** The structure of a text: what stands in it does not change it. */
const shape = (text: string) =>
  markdown
    .parse(text, {})
    .filter((token) =>
      /^(heading_open|fence|table_open|bullet_list_open|hr|blockquote_open|code_block|ordered_list_open)$/.test(
        token.type,
      ),
    )
    .map((token) => token.type + token.tag)

test('what hostile texts say neither acts nor changes the form of an issue or its sticky comment', () => {
  const viewOf = (text: string) => {
    const made = madeView([
      {
        approval: madeApproval({
          target: text,
          why: text,
          author: text,
          inputs: { [text.slice(0, 400)]: text.slice(0, 400), list: [text.slice(0, 400)], long: 'x'.repeat(200) },
          answers: [{ actor: text, answer: 'approve', reason: text, at: 1, roles: [text] }],
        }),
        bound: null,
      },
      { approval: madeApproval({ kind: 'question', target: text, options: [text, 'yes'] }), bound: null },
    ])
    return { ...made, file: withEveryText(text) }
  }
  const plainShape = renderIssue(main, viewOf('text'))
  fc.assert(
    fc.property(nasty, (text) => {
      const { body, status, title, labels } = renderIssue(main, viewOf(text))
      expect(acts(body)).toEqual([])
      expect(acts(status)).toEqual([])
      expect(shape(body)).toEqual(shape(plainShape.body))
      expect(shape(status)).toEqual(shape(plainShape.status))
      expect(title).not.toMatch(/[\n\r`\u202e]|@[A-Za-z0-9]|#\d|:\/\//)
      expect(title.length).toBeLessThanOrEqual(256)
      for (const label of labels) expect(label).toMatch(/^[a-z0-9:-]{1,50}$/)
    }),
    { numRuns: 300 },
  )
})

test('what an answer quotes neither acts nor changes its form', () => {
  fc.assert(
    fc.property(nasty, fc.boolean(), (text, ok) => {
      const said = [{ verb: 'note', reply: { ok, lines: [text, text], changed: ok } }]
      const answer = answerText('comment/17', said, [{ word: 'aprove', nearest: 'approve' }])
      expect(acts(answer)).toEqual([])
      expect(
        answer
          .split('\n')
          .slice(1)
          .filter((line) => line !== '' && !line.startsWith('  ') && !ourLine.test(line)),
      ).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('inputs in a fence are complete JSON and do not leave it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), nasty, (value, text) => {
      const json = { value: value as never, [text]: text }
      const lines = fenced(json)
      const tokens = markdown.parse(lines.join('\n'), {})
      expect(tokens.map((token) => token.type)).toEqual(['fence'])
      expect(JSON.parse(tokens[0]?.content ?? '')).toEqual(JSON.parse(JSON.stringify(json)))
    }),
  )
})

test('an issue is never longer than GitHub takes, and says what it leaves out', () => {
  const made = madeView()
  const { file } = made
  const [alert, entry, task] = [file.alerts[0], file.timeline[0], file.tasks[0]]
  if (alert === undefined || entry === undefined || task === undefined) throw new Error('the case lacks something')
  const long = 'x'.repeat(280)
  const big = {
    ...made,
    file: {
      ...file,
      alerts: Array.from({ length: 500 }, () => ({ ...alert, title: long })),
      timeline: Array.from({ length: 2000 }, (_, n) => ({ ...entry, sentence: `${n} ${long}` })),
      tasks: Array.from({ length: 300 }, (_, n) => ({ ...task, n, title: long, state: 'open' as const })),
      incident: {
        ...file.incident,
        alertCount: 4000,
        observables: Array.from({ length: 500 }, (_, n) => ({
          type: 'domain' as const,
          value: `${n}.${long}`,
          role: 'related' as const,
        })),
      },
    },
  }
  const { body } = renderIssue(main, big)
  expect(body.length).toBeLessThanOrEqual(65_536)
  expect(body.length).toBeGreaterThan(50_000)
  expect(body).toContain('3900 more alerts are not shown here.')
  expect(body).toMatch(/\d+ more entries are not shown here\./)
  expect(body).toContain('/approve 3f9a1c2b7d10')
  expect(body).toContain('gitsoc incidents show 1')
  expect(acts(body)).toEqual([])
})

test('a title keeps what it says', () => {
  expect(headline('closes #12 for @acme/soc at https://x.example `id`')).toBe(
    "closes #\u200b12 for @\u200bacme/soc at https:\u200b//x.example 'id'",
  )
})
