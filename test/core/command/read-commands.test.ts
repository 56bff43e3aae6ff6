import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCommand, readCommands, usageOf, verbs, verbTable } from '../../../src/core/command/index.ts'

const ack = { verb: 'ack', reason: '' }

test.each<[name: string, comment: string, commands: readonly object[]]>([
  ['alone', '/ack', [ack]],
  ['among text of the same paragraph', 'I look at it\n/ack\nand tell you', [ack]],
  ['after a heading', '# On it\n/ack', [ack]],
  ['in capitals', '/ACK', [ack]],
  ['with line ends of Windows', 'hello\r\n/ack\r\n/note seen\r\n', [ack, { verb: 'note', text: 'seen' }]],
  ['with spaces of other scripts', '/note\u00a0a\u3000b\u2003c', [{ verb: 'note', text: 'a b c' }]],
  ['after a quote and an empty line', '> /close\n\n/ack', [ack]],
  ['after a code block', '```\n/close\n```\n/ack', [ack]],
  ['after a list and an empty line', '- one\n\n/ack', [ack]],
  ['after an HTML comment', '<!--\n/close\n-->\n/ack', [ack]],
  ['within details', '<details>\n\n/ack\n\n</details>', [ack]],
  ['with Markdown in its text', '/note a *b* `c` <d>', [{ verb: 'note', text: 'a *b* `c` <d>' }]],
])('a command %s counts', (_name, comment, commands) => {
  expect(readCommands(comment)).toEqual({ commands, unknown: [], left: 0 })
})

test.each<[name: string, comment: string]>([
  ['in a quote', '> /ack'],
  ['that a quote takes along', '> they said\n/ack'],
  ['in a quote of a quote', '> > /ack'],
  ['in a fence', '```\n/ack\n```'],
  ['in a fence with a language', '```sh\n/ack\n```'],
  ['in a fence that is never closed', '```\n/ack'],
  ['in a long fence with a short one in it', '`````\n```\n/ack\n```\n`````'],
  ['in a fence of tildes with one of backticks in it', '~~~\n```\n/ack\n```\n~~~'],
  ['in a second fence after one in a list', '- ```\n  code\n  ```\n\n```\n/ack\n```'],
  ['in a second fence after one that a list ended', '- a\n  ```\ntext\n\n```\n/ack\n```'],
  ['in a fence in a quote', '> ```\n> /ack\n> ```'],
  ['in indented code', 'text\n\n    /ack'],
  ['behind a tab', '\t/ack'],
  ['behind a space', ' /ack'],
  ['behind a space that is not seen', '\u200b/ack'],
  ['behind a mark of direction', '\u202e/ack'],
  ['in a list', '- /ack'],
  ['that a list takes along', '- one\n/ack'],
  ['in a nested list', '- one\n  - two\n\n    /ack\n'],
  ['in a numbered list', '1. /ack'],
  ['in an HTML comment', '<!-- \n/ack\n-->'],
  ['in an HTML comment that is never closed', '<!--\n/ack'],
  ['in an HTML comment within a line', 'text <!--\n/ack\n--> text'],
  ['in a block of HTML', '<div>\n/ack\n</div>'],
  ['in an element that quotes', '<blockquote>\n\n/ack\n\n</blockquote>'],
  ['in an element that quotes and is never closed', 'a <blockquote>\n\n/ack'],
  ['in preformatted text', '<pre>\n\n/ack\n\n</pre>'],
  ['in a code span over lines', 'see `one\n/ack\ntwo`'],
  ['in a longer code span over lines', 'see ``one `\n/ack\ntwo``'],
  ['in a span that an escaped backtick does not open', '\\` see `one\n/ack\ntwo`'],
  ['in a table', '| a |\n| --- |\n/ack'],
  ['in a footnote', '[^1]: one\n/ack'],
  ['in a formula', '$$\n/ack\n$$'],
  ['in an attribute', '<b title="\n/ack\n">'],
  ['that is a path', '/etc/passwd was read'],
  ['of nothing', '/'],
  ['of two slashes', '// ack'],
  ['with another slash', '\uff0fack'],
])('a command %s does not count', (_name, comment) => {
  expect(readCommands(comment)).toEqual({ commands: [], unknown: [], left: 0 })
})

test.each<[string, string, string | null]>([
  ['/aprove ap-1', 'aprove', 'approve'],
  ['/app\u200brove ap-1', 'approve', 'approve'],
  ['/statsu', 'statsu', 'status'],
  ['/timelime 3', 'timelime', 'timeline'],
  ['/frobnicate', 'frobnicate', null],
  ['/x', 'x', null],
  ['/@team-all', 'team-all', null],
  [`/${'a'.repeat(9000)}`, 'a'.repeat(40), null],
])('%j is no command, and the nearest is named', (comment, word, nearest) => {
  expect(readCommands(comment)).toEqual({ commands: [], unknown: [{ word, nearest }], left: 0 })
})

test('of very many commands the first ten are taken and the others counted', () => {
  const read = readCommands('/ack\n'.repeat(25))
  expect([read.commands.length, read.left]).toEqual([10, 15])
})

test.each<[string, object]>([
  ['/approve', { verb: 'approve', approval: null, reason: '' }],
  ['/approve ap-4kq7 fine', { verb: 'approve', approval: 'ap-4kq7', reason: 'fine' }],
  ['/approve AP-4KQ7', { verb: 'approve', approval: 'ap-4kq7', reason: '' }],
  ['/approve 0a1b2c3d4e', { verb: 'approve', approval: '0a1b2c3d4e', reason: '' }],
  ['/approve defaced', { verb: 'approve', approval: null, reason: 'defaced' }],
  ['/deny ap-4kq7', { verb: 'unclear', of: 'deny', problem: `the reason is missing: write ${usageOf('deny')}` }],
  ['/deny the wrong host', { verb: 'deny', approval: null, reason: 'the wrong host' }],
  ['/assign me', { verb: 'assign', to: 'me' }],
  ['/assign Nobody', { verb: 'assign', to: null }],
  ['/assign @somebody', { verb: 'assign', to: '@somebody' }],
  ['/status', { verb: 'status', status: null, reason: '' }],
  ['/status Contained key is off', { verb: 'status', status: 'contained', reason: 'key is off' }],
  ['/severity high payroll', { verb: 'severity', severity: 'HIGH', reason: 'payroll' }],
  ['/severity machine', { verb: 'severity', severity: null, reason: '' }],
  ['/verdict true-positive', { verb: 'verdict', verdict: 'true-positive', reason: '' }],
  ['/task Look at the mail', { verb: 'task', title: 'Look at the mail' }],
  ['/task done 2', { verb: 'task', n: 2, state: 'done' }],
  ['/task done it all again', { verb: 'task', title: 'done it all again' }],
  [
    '/run contain-host host=ws-1 note="a \\"b\\" c" x= because of this',
    {
      verb: 'run',
      playbook: 'contain-host',
      inputs: [
        ['host', 'ws-1'],
        ['note', 'a "b" c'],
        ['x', ''],
      ],
      reason: 'because of this',
    },
  ],
  ['/run a b="c', { verb: 'unclear', of: 'run', problem: 'a quotation mark is not closed' }],
  ['/run a b=1 b=2', { verb: 'unclear', of: 'run', problem: 'the input "b" is given twice' }],
  ['/cancel contain-host no', { verb: 'cancel', run: 'contain-host', reason: 'no' }],
  ['/cancel wrong machine', { verb: 'cancel', run: null, reason: 'wrong machine' }],
  ['/rollback run-7a2', { verb: 'rollback', run: 'run-7a2', reason: '' }],
  ['/merge INC-4 same key', { verb: 'merge', other: 4, reason: 'same key' }],
  ['/merge #4', { verb: 'merge', other: 4, reason: '' }],
  ['/split al-7h al-9c al-7h other user', { verb: 'split', alerts: ['al-7h', 'al-9c'], reason: 'other user' }],
  [
    '/indicator 198.51.100.7 ip 30d its server',
    { verb: 'indicator', value: '198.51.100.7', type: 'ip', days: 30, reason: 'its server' },
  ],
  [
    '/indicator evil.example seen in mail',
    { verb: 'indicator', value: 'evil.example', type: null, days: null, reason: 'seen in mail' },
  ],
  ['/timeline', { verb: 'timeline', count: 15 }],
  ['/timeline 9999', { verb: 'timeline', count: 50 }],
  ['/close False-Positive scanner', { verb: 'close', verdict: 'false-positive', reason: 'scanner' }],
  ['/close it was nothing', { verb: 'close', verdict: null, reason: 'it was nothing' }],
  ['/help /close', { verb: 'help', about: 'close' }],
])('%s is read with its words', (comment, command) => {
  expect(readCommands(comment).commands).toEqual([command])
})

test.each(['assign', 'severity', 'verdict', 'note', 'task', 'run', 'merge', 'split', 'indicator', 'deny'] as const)(
  '/%s alone says what is missing and how it is written',
  (verb) => {
    const [command] = readCommands(`/${verb}`).commands
    expect(command).toMatchObject({ verb: 'unclear', of: verb })
    expect(command?.verb === 'unclear' ? command.problem : '').toContain(usageOf(verb))
  },
)

test('every example of the help is a command of its verb', () => {
  for (const { verb, example } of verbTable) expect(readCommands(example).commands).toMatchObject([{ verb }])
})

test.each<[string, object]>([
  ['', { kind: 'command', command: { verb: 'help', about: null }, incident: null }],
  ['INC-17', { kind: 'command', command: { verb: 'status', status: null, reason: '' }, incident: 17 }],
  ['INC-17 ack', { kind: 'command', command: ack, incident: 17 }],
  ['ack INC-17', { kind: 'command', command: ack, incident: 17 }],
  ['#17 /ack', { kind: 'command', command: ack, incident: 17 }],
  ['ack 17', { kind: 'command', command: { verb: 'ack', reason: '17' }, incident: null }],
  ['merge INC-4', { kind: 'command', command: { verb: 'merge', other: 4, reason: '' }, incident: null }],
  ['merge INC-3 INC-4', { kind: 'command', command: { verb: 'merge', other: 4, reason: '' }, incident: 3 }],
  ['INC-3 merge INC-4', { kind: 'command', command: { verb: 'merge', other: 4, reason: '' }, incident: 3 }],
  ['INC-3 note INC-4 is alike', { kind: 'command', command: { verb: 'note', text: 'INC-4 is alike' }, incident: 3 }],
  ['clsoe', { kind: 'unknown', word: 'clsoe', nearest: 'close' }],
])('"%s" behind /soc is read with its incident', (text, read) => {
  expect(readCommand(text)).toEqual(read)
})

const line = fc.oneof(
  fc.constantFrom(...verbs.map((verb) => `/${verb} ap-1234 INC-3 al-1 x=1`)),
  fc.constantFrom(
    '> ',
    '```',
    '~~~~',
    '    ',
    '<!--',
    '-->',
    '<pre>',
    '</pre>',
    '- ',
    '| a |',
    '|--|',
    '',
    '\u202e',
    '$$',
    '[^1]: x',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

test('no text makes reading throw, and what is read is bounded', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
      const { commands, unknown } = readCommands(lines.join(end))
      expect(commands.length + unknown.length).toBeLessThanOrEqual(10)
      expect(JSON.stringify(commands).length).toBeLessThan(40_000)
      readCommand(lines.join(' '))
    }),
    { numRuns: 500 },
  )
})

test('a comment in which every line is quoted or fenced says nothing', () => {
  const inner = fc.array(line, { maxLength: 12 })
  fc.assert(
    fc.property(inner, fc.integer({ min: 3, max: 9 }), fc.constantFrom('`', '~'), (lines, length, mark) => {
      const quoted = lines.map((one) => `> ${one.replace(/[\r\n]/g, ' ')}`).join('\n')
      expect(readCommands(quoted).commands).toEqual([])
      const clean = lines.map((one) => one.replace(/[\r\n`~]/g, ' ')).join('\n')
      expect(readCommands(`${mark.repeat(length)}\n${clean}\n${mark.repeat(length)}`).commands).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('a comment of one paragraph of plain words says exactly the lines that begin with a verb', () => {
  const word = fc.constantFrom('look', 'at', 'this', 'host', 'ws-1')
  const plain = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '))
  fc.assert(
    fc.property(fc.array(fc.oneof(plain, fc.constant('/ack')), { minLength: 1, maxLength: 9 }), (lines) => {
      expect(readCommands(lines.join('\n')).commands.length).toBe(lines.filter((one) => one === '/ack').length)
    }),
  )
})
