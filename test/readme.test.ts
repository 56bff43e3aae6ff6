import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { commandGroups } from '../src/cli/index.ts'

const pages = execFileSync('git', ['ls-files', '*README.md'], { encoding: 'utf8' }).trim().split('\n')
const program = new Command('gitsoc')
for (const [, commands] of commandGroups) for (const register of commands) register(program)

/** The command that the words name, with the options it knows. */
function find(words: readonly string[]): { command: Command; rest: readonly string[] } | null {
  let command: Command = program
  let rest = words
  while (rest.length > 0) {
    const next = command.commands.find((one) => one.name() === rest[0])
    if (next === undefined) break
    command = next
    rest = rest.slice(1)
  }
  return command === program ? null : { command, rest }
}

/** What stands as a command: at the beginning of a line, or in code. */
const commands = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/(?:^ *|`|\$ )(?:npx )?gitsoc ([a-z][^`\n]*)/gm)].map(
    (match) => [page, (match[1] as string).trim()] as const,
  ),
)

test.each(commands)('%s: gitsoc %s exists', (_page, line) => {
  const found = find(line.split(/\s+/))
  expect(found, line).not.toBeNull()
  if ((found?.command.commands.length ?? 0) > 0) expect(found?.rest.filter((one) => /^[a-z]/.test(one))).toEqual([])
  for (const option of line.match(/(?<=\s)--[a-z-]+/g) ?? []) {
    if (option === '--help' || option === '--json') continue
    expect(found?.command.options.map((one) => one.long)).toContain(option)
  }
})

test.each(pages)('the links of %s lead somewhere', (page) => {
  for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#]+)\)/g)) {
    if (!/^https?:/.test(target)) expect(existsSync(join(dirname(page), target)), target).toBe(true)
  }
})

test('the npm commands of the README are there', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const [, name = ''] of readFileSync('README.md', 'utf8').matchAll(/npm run ([a-z]+)/g))
    expect(Object.keys(scripts)).toContain(name)
})
