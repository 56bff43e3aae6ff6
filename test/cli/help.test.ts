import { execFileSync } from 'node:child_process'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { refill } from '../../src/cli/help-text.ts'
import { commandGroups } from '../../src/cli/index.ts'
import { gitsoc } from '../support/cli.ts'

const program = new Command('gitsoc')
for (const [, commands] of commandGroups) for (const register of commands) register(program)

const leaves = (command: Command, path: string): [string, Command][] =>
  command.commands.length === 0
    ? [[path, command]]
    : command.commands.flatMap((one) => leaves(one, `${path} ${one.name()}`.trim()))

// It prints JSON anyway.
const otherwise = ['playbook export']

test.each(leaves(program, '').filter(([path]) => !otherwise.includes(path)))('%s has --json', (_path, command) => {
  expect(command.options.map((one) => one.long)).toContain('--json')
})

test.each(leaves(program, ''))('the help of %s names no folder of this machine', (_path, command) => {
  expect(command.helpInformation()).not.toContain(process.cwd())
})

test('every command of the help stands in a group that has a name', () => {
  const help = execFileSync(process.execPath, ['src/main.ts', '--help'], { encoding: 'utf8' })
  expect(help).toMatch(/^Run:\n[\s\S]*^ {2}help \[command\]/m)
  expect(help).not.toMatch(/^Commands:/m)
  expect(execFileSync(process.execPath, ['src/main.ts', 'help', 'run'], { encoding: 'utf8' })).toContain('gitsoc run')
})

test.each([
  {
    name: 'running text is filled',
    text: '\nOne two three.\nFour five.\n',
    columns: 12,
    filled: '\nOne two\nthree. Four\nfive.\n',
  },
  {
    name: 'lines that are laid out stay',
    text: 'Examples:\n  gitsoc run a-long-name.ndjson\n',
    columns: 12,
    filled: null,
  },
  { name: 'what fits stays', text: 'Usage: x\n\nOptions:\n  -h  help\n', columns: 40, filled: null },
])('$name', ({ text, columns, filled }) => {
  expect(refill(text, columns)).toBe(filled ?? text)
})

test.each([
  { args: ['nonsense'], says: "gitsoc: unknown command 'nonsense'\nhint: " },
  { args: ['incidents', 'show', 'x'], says: "gitsoc: value 'x' is invalid for argument 'number'" },
  { args: ['run', 'no-such-file.json'], says: 'gitsoc: a file cannot be read: ENOENT' },
])('gitsoc $args is refused in one line with a hint', ({ args, says }) => {
  try {
    execFileSync(process.execPath, ['src/main.ts', ...args], { encoding: 'utf8', stdio: 'pipe' })
    expect.unreachable()
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string }
    expect(stderr).toContain(says)
    expect(stderr.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toMatch(/\nhint: /)
    expect(status).toBe(2)
  }
})

test.each([
  { args: ['strat'], hint: /did you mean "start"\? gitsoc --help lists the commands$/ },
  { args: ['list'], hint: /did you mean "gitsoc [a-z-]+ list" or / },
  { args: ['ack', '2'], hint: /did you mean "gitsoc incidents ack"\?/ },
  { args: ['nonsense'], hint: /^hint: gitsoc --help lists the commands$/ },
  { args: ['incidents', 'lst'], hint: /did you mean "list"\? gitsoc incidents --help/ },
  { args: ['incidents', 'frobnicate'], hint: /gitsoc incidents --help lists the commands: list, show, / },
  { args: ['incidents', 'show'], hint: /written as gitsoc incidents show \[options\] <number>;/ },
  { args: ['incidents', 'show', 'x'], hint: /written as gitsoc incidents show \[options\] <number>;/ },
  { args: ['start', '--prot', '1'], hint: /did you mean "--port"\? gitsoc start --help/ },
  { args: ['incidents', 'list', '--limit'], hint: /gitsoc incidents list --help says more/ },
])('the hint of gitsoc $args is about what was written', async ({ args, hint }) => {
  const { err, exitCode } = await gitsoc(...args)
  expect(exitCode).toBe(2)
  expect(err.trimEnd().split('\n')).toEqual([expect.stringMatching(/^gitsoc: /), expect.stringMatching(hint)])
})

test.each(leaves(program, ''))('the help of %s says its exit codes', async (path) => {
  expect((await gitsoc(...path.split(' '), '--help')).out).toMatch(/^Exit codes: 0 done, 1 .*2 .*3 /m)
})
