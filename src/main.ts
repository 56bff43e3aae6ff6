import { Command, CommanderError } from 'commander'
import { Failure } from './cli/failure.ts'
import { commandGroups } from './cli/index.ts'

const program = new Command('gitsoc')
  .description('A security operations centre that lives in a Git repository.')
  .version('0.1.0')
  .showHelpAfterError('(gitsoc --help lists the commands)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 found something wrong, 2 wrong usage, 3 the environment is missing something.',
  )

for (const [heading, commands] of commandGroups) {
  program.commandsGroup(heading)
  for (const register of commands) register(program)
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof Failure) {
    process.stderr.write(`gitsoc: ${error.message}\n`)
    if (error.hint !== undefined) process.stderr.write(`hint: ${error.hint}\n`)
    process.exitCode = error.exitCode
  } else throw error
}
