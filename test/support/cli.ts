import { Command, CommanderError } from 'commander'
import { vi } from 'vitest'
import { Failure } from '../../src/cli/failure.ts'
import { commandGroups } from '../../src/cli/index.ts'
import { explainUsage, hintFor } from '../../src/cli/wrong-usage.ts'

/** What a command wrote and how it ended, as a shell would see it. */
export interface Ended {
  readonly out: string
  readonly err: string
  readonly exitCode: number
  /** The last line of standard output as JSON. */
  json(): unknown
}

/** Runs a command line through all registered commands; the exit code is the one that the entry would give. */
export async function gitsoc(...args: readonly string[]): Promise<Ended> {
  const out: string[] = []
  const err: string[] = []
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => out.push(String(chunk)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => err.push(String(chunk)) > 0),
  ]
  const before = process.exitCode
  process.exitCode = undefined
  let running = new Command('gitsoc')
  try {
    const program = new Command('gitsoc').exitOverride().configureOutput({ writeErr: () => {} })
    for (const [, commands] of commandGroups) for (const register of commands) register(program)
    explainUsage(program)
    program.hook('preAction', (_program, command) => {
      running = command
    })
    await program.parseAsync(args, { from: 'user' })
    return ended(out, err, Number(process.exitCode ?? 0))
  } catch (error) {
    if (error instanceof CommanderError)
      return ended(out, [...err, `gitsoc: ${error.message}\n`], error.exitCode === 0 ? 0 : 2)
    if (!(error instanceof Failure)) throw error
    err.push(`gitsoc: ${error.message}\n`, `hint: ${hintFor(error, running)}\n`)
    return ended(out, err, error.exitCode)
  } finally {
    process.exitCode = before
    for (const spy of spies) spy.mockRestore()
  }
}

function ended(out: readonly string[], err: readonly string[], exitCode: number): Ended {
  const text = out.join('')
  return { out: text, err: err.join(''), exitCode, json: () => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') }
}
