import type { Command, CommanderError } from 'commander'
import { didYouMean } from '../core/model/index.ts'
import { Failure } from './failure.ts'

const exitCodes =
  '\nExit codes: 0 done, 1 found something wrong, 2 wrong usage (a file that is not there too), 3 the environment is missing something (no store, no database).'

/**
 * Makes every command of the program, with those below it, say its exit codes in its help, and end wrong usage as a {@link Failure}
 * whose hint is about that very command.
 */
export function explainUsage(command: Command): void {
  command.addHelpText('after', exitCodes)
  command.showSuggestionAfterError(false)
  command.exitOverride((error) => {
    if (error.exitCode === 0 || error.code === 'commander.help') throw error
    throw new Failure(error.message.replace(/^error: (command-argument )?/, ''), {
      hint: usageHint(command, error),
      exitCode: 2,
    })
  })
  for (const one of command.commands) explainUsage(one)
}

/** What to do about a failure: its own hint, or where the help of the command is that ended so. */
export function hintFor(failure: Failure, command: Command): string {
  return failure.hint ?? `${pathOf(command)} --help says how it is used`
}

function usageHint(command: Command, error: CommanderError): string {
  const path = pathOf(command)
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  if (error.code === 'commander.unknownCommand') {
    const names = command.commands.map((one) => one.name())
    const near = elsewhere(command, word) ?? didYouMean(word, names)
    const list = near === undefined && command.parent !== null ? `: ${names.join(', ')}` : ''
    return [...(near === undefined ? [] : [near]), `${path} --help lists the commands${list}`].join(' ')
  }
  if (error.code === 'commander.unknownOption') {
    const options = command.options.flatMap((one) => one.long ?? [])
    const near = didYouMean(word, options)
    return [...(near === undefined ? [] : [near]), `${path} --help lists its options`].join(' ')
  }
  return `it is written as ${path} ${command.usage()}; ${path} --help says more`
}

/** `list` alone may be meant as `incidents list`. */
function elsewhere(command: Command, word: string): string | undefined {
  const found = command.commands.filter((group) => group.commands.some((one) => one.name() === word))
  const [first, ...more] = found.map((group) => `"${pathOf(group)} ${word}"`)
  return first === undefined ? undefined : `did you mean ${[first, ...more.slice(0, 3)].join(' or ')}?`
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}
