import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileBundle, formatProblems, type SourceFile } from '../../../src/core/content/index.ts'
import { formatPlace } from '../../../src/core/model/index.ts'
import { readWorkingTree } from '../../../src/repo/index.ts'

const own = (await readWorkingTree(process.cwd())).files
const rule = own.find((file) => file.path === 'rules/detection/okta_factor_enrolled.yaml')?.text ?? ''
const playbook = own.find((file) => file.path === 'playbooks/contain-compromised-identity.yaml')?.text ?? ''

/** The line of a text in the playbook as it is now. */
const lineOf = (text: string) => playbook.slice(0, playbook.indexOf(text)).split('\n').length

/** The repository's content with one file changed or added. */
function withFile(path: string, text: string): SourceFile[] {
  return [...own.filter((file) => file.path !== path), { path, text }]
}

const cases: readonly (readonly [
  name: string,
  path: string,
  text: string,
  place: string,
  message: string,
  hint?: string,
])[] = [
  [
    'an unknown key',
    'rules/grouping/same-host.yaml',
    'id: same-host\ntitle: x\nwhy: y\nshare: [host]\nwithn: 4h\n',
    'rules/grouping/same-host.yaml:5:1',
    'unknown key "withn" in the file',
    'did you mean "within"?',
  ],
  [
    'a missing key',
    'rules/grouping/same-host.yaml',
    'id: same-host\ntitle: x\nwhy: y\nshare: [host]\n',
    'rules/grouping/same-host.yaml:1:1',
    'the file lacks "within"',
  ],
  [
    'a value outside its list',
    'rules/grouping/same-host.yaml',
    'id: same-host\ntitle: x\nwhy: y\nshare: [hots]\nwithin: 4h\n',
    'rules/grouping/same-host.yaml:4:9',
    '"share" is "hots", not one of user, host, ip, hash, domain, url, access-key, resource, email',
    'did you mean "host"?',
  ],
  [
    'a duplicate key',
    'rules/grouping/same-host.yaml',
    'id: same-host\nid: b\n',
    'rules/grouping/same-host.yaml:2:1',
    'Map keys must be unique',
  ],
  [
    'an unknown tag',
    'rules/grouping/same-host.yaml',
    'id: !js x\n',
    'rules/grouping/same-host.yaml:1:5',
    'Unresolved tag: !js',
  ],
  [
    'an alias',
    'rules/grouping/same-host.yaml',
    'id: &a x\ntitle: *a\n',
    'rules/grouping/same-host.yaml:1:8',
    'anchors and aliases are not used in content',
  ],
  [
    'a list at the top',
    'rules/grouping/same-host.yaml',
    '- 1\n',
    'rules/grouping/same-host.yaml:1:1',
    'the file must be one mapping',
  ],
  [
    'an unknown modifier',
    'rules/detection/okta_factor_enrolled.yaml',
    rule.replace('client.ipAddress|cidr', 'client.ipAddress|cdir'),
    'rules/detection/okta_factor_enrolled.yaml:21:5',
    'unknown modifier "cdir"',
    'did you mean "cidr"?',
  ],
  [
    'a condition on a search that is not there',
    'rules/detection/okta_factor_enrolled.yaml',
    rule.replace('selection and not managed', 'selektion and not managed'),
    'rules/detection/okta_factor_enrolled.yaml:22:14',
    'there is no search "selektion" in detection',
    'did you mean "selection"?',
  ],
  [
    'a regular expression that could stall',
    'rules/detection/okta_factor_enrolled.yaml',
    rule.replace('client.ipAddress|cidr: 10.0.0.0/8', "client.ipAddress|re: '(?!b)a+x'"),
    'rules/detection/okta_factor_enrolled.yaml:21:26',
    'the regular expression has look-around or a back-reference and could stall the engine: its time grows with the square of the text',
  ],
  [
    'an action that does not exist',
    'playbooks/contain-compromised-identity.yaml',
    playbook.replace('action: okta.suspend_user', 'action: okta.suspend_usr'),
    `playbooks/contain-compromised-identity.yaml:${lineOf('action: okta.suspend_user')}:13`,
    'there is no action "okta.suspend_usr"',
    'did you mean "okta.suspend_user"?',
  ],
  [
    'a fact that does not exist',
    'playbooks/contain-compromised-identity.yaml',
    playbook.replace('"{{ incident.people }}"', '"{{ incident.peple }}"'),
    `playbooks/contain-compromised-identity.yaml:${lineOf('"{{ incident.people }}"')}:14`,
    'an incident has no "peple"',
    'did you mean "people"?',
  ],
  [
    'a destructive step without an end',
    'playbooks/contain-compromised-identity.yaml',
    playbook.replace('    expires: 24h\n', ''),
    `playbooks/contain-compromised-identity.yaml:${lineOf('action: okta.suspend_user')}:13`,
    '"okta.suspend_user" is destructive and has no "expires"',
  ],
  ['a file where nothing reads it', 'rules/stray.yaml', 'id: x\n', 'rules/stray.yaml:1:1', 'nothing reads a file here'],
  [
    'an id used twice',
    'rules/grouping/other.yaml',
    'id: same-host\ntitle: x\nwhy: y\nshare: [host]\nwithin: 4h\n',
    'rules/grouping/same-host.yaml:2:5',
    'the grouping id "same-host" is used in rules/grouping/other.yaml too',
  ],
]

test.each(cases)('%s is reported with its place', (_name, path, text, place, message, hint) => {
  const { bundle, problems } = compileBundle(withFile(path ?? '', text ?? ''), 'worktree')
  expect(bundle).toBeNull()
  const found = problems.find((one) => one.message === message)
  expect(found, JSON.stringify(problems, null, 1)).toBeDefined()
  expect(found?.place === undefined ? '' : formatPlace(found.place)).toBe(place)
  if (hint !== undefined) expect(found?.hint).toBe(hint)
})

test('all problems are reported at once, in the order of their places', () => {
  const files = [
    ...withFile('rules/grouping/same-host.yaml', 'id: same-host\ntitle: x\nwhy: y\nshare: [host]\nwithn: 4h\n'),
    { path: 'rules/stray.yaml', text: 'x: 1\n' },
  ]
  const { problems } = compileBundle(files, 'worktree')
  expect(problems.length).toBe(3)
  expect(formatProblems(problems, files, 'text')).toMatchInlineSnapshot(`
    "rules/grouping/same-host.yaml:1:1 error: the file lacks "within" [content/missing-key]
     1 | id: same-host
         ^^

    rules/grouping/same-host.yaml:5:1 error: unknown key "withn" in the file [content/unknown-key]
     5 | withn: 4h
         ^^^^^
      hint: did you mean "within"?

    rules/stray.yaml:1:1 error: nothing reads a file here [content/misplaced]
     1 | x: 1
         ^
      hint: see rules/README.md, integrations/README.md and playbooks/README.md for the places"
  `)
  expect(formatProblems(problems, files, 'github').split('\n')[1] ?? '').toMatchInlineSnapshot(
    `"::error file=rules/grouping/same-host.yaml,line=5,col=1::unknown key "withn" in the file (did you mean "within"?)"`,
  )
})

test('equal content has an equal digest, whatever the order; a changed character has another', () => {
  const digest = (files: readonly SourceFile[]) => compileBundle(files, 'worktree').bundle?.digest
  expect(digest([...own].reverse())).toBe(digest(own))
  expect(
    digest(
      withFile(
        'playbooks/brute-force-watch.yaml',
        `${own.find((file) => file.path === 'playbooks/brute-force-watch.yaml')?.text}\n`,
      ),
    ),
  ).not.toBe(digest(own))
})

test('however a file is damaged, there is a bundle or a problem with a place, never a crash', () => {
  const yaml = own.filter((file) => file.path.endsWith('.yaml') && !file.path.includes('/fixtures/'))
  fc.assert(
    fc.property(
      fc.constantFrom(...yaml),
      fc.nat(),
      fc.nat(40),
      fc.string({ maxLength: 12 }),
      (file, position, length, insert) => {
        const at = position % file.text.length
        const text = file.text.slice(0, at) + insert + file.text.slice(at + length)
        const { bundle, problems } = compileBundle([{ path: file.path, text }], 'worktree')
        expect(problems.filter((one) => one.code === 'content/internal')).toEqual([])
        if (bundle === null) expect(problems.every((one) => one.place !== undefined)).toBe(true)
      },
    ),
    { numRuns: 250 },
  )
})

test('what a file holds commands no terminal and no workflow when its problem is shown', () => {
  const files = [{ path: 'rules/grouping/x\r\n::error::y.yaml', text: 'a:\t\u001b[2J\u202e\u009b1m\r\n' }]
  const { problems } = compileBundle(files, 'worktree')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(formatProblems(problems, files, 'text')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(formatProblems(problems, files, 'text').split('\n').slice(1, 3)).toEqual([' 1 | a: ·[2J··1m', '        ^'])
  const annotations = formatProblems(problems, files, 'github').split('\n')
  expect(annotations.length).toBe(problems.length)
  expect(annotations[0]).toMatch(/^::error file=rules\/grouping\/x%0D%0A%3A%3Aerror%3A%3Ay\.yaml,line=1,col=4::/)
})

test('of a playbook that does not load its own problem is told, not one of each playbook that calls it', () => {
  const called = own.find((file) => file.path === 'playbooks/disable-identity.yaml')?.text ?? ''
  for (const text of [called.replace('okta.suspend_user', 'okta.suspend_usr'), `${called}\nwrong: key\n`, 'id: [']) {
    const { bundle, problems } = compileBundle(withFile('playbooks/disable-identity.yaml', text), 'worktree')
    expect(bundle).toBeNull()
    expect([...new Set(problems.map((one) => one.place?.file))]).toEqual(['playbooks/disable-identity.yaml'])
  }
})

test('of an integration that does not load its own problem is told, not one of each playbook that uses it', () => {
  const path = 'integrations/okta/integration.yaml'
  const text = own.find((file) => file.path === path)?.text ?? ''
  const { bundle, problems } = compileBundle(withFile(path, text.replace(/^title:/m, 'titel:')), 'worktree')
  expect(bundle).toBeNull()
  expect([...new Set(problems.map((one) => one.place?.file))]).toEqual([path])
})

test('what is named like a file and not like what is in it is told: no content loads with a call or action of nothing', () => {
  for (const [path, id, code] of [
    ['playbooks/disable-identity.yaml', 'disable-identity', 'playbook/unknown-playbook'],
    ['integrations/okta/integration.yaml', 'okta', 'playbook/unknown-action'],
  ] as const) {
    const text = own.find((file) => file.path === path)?.text ?? ''
    const renamed = text.replace(`id: ${id}`, 'id: other')
    expect(renamed).not.toBe(text)
    const { bundle, problems } = compileBundle(withFile(path, renamed), 'worktree')
    expect(bundle).toBeNull()
    expect(problems.length).toBeGreaterThan(0)
    if (problems.every((one) => one.place?.file !== path)) expect(problems.map((one) => one.code)).toContain(code)
  }
})

test('a call of a playbook that there is not is told with the nearest', () => {
  const caller = own.find((file) => file.path === 'playbooks/credential-theft.yaml')?.text ?? ''
  const text = caller.replace('call: disable-identity', 'call: disable-identty')
  const { problems } = compileBundle(withFile('playbooks/credential-theft.yaml', text), 'worktree')
  expect(problems).toMatchObject([
    { message: 'there is no playbook "disable-identty"', hint: 'did you mean "disable-identity"?' },
  ])
})
