import { Command, CommanderError } from 'commander'
import { Failure } from './cli/failure.ts'
import { refill } from './cli/help-text.ts'
import { commandGroups } from './cli/index.ts'
import { explainUsage, hintFor } from './cli/wrong-usage.ts'

const program = new Command('gitsoc')
  .description('A security operations centre that lives in a Git repository.')
  .version('0.1.0')
  .configureOutput({
    writeOut: (text) => process.stdout.write(refill(text, Math.min(process.stdout.columns ?? 80, 120))),
    outputError: () => {},
  })

for (const [heading, commands] of commandGroups) {
  program.commandsGroup(heading)
  for (const register of commands) register(program)
}

program.addHelpCommand(
  new Command('help').argument('[command]').description('show this, or the help of a command').helpGroup('Run:'),
)

explainUsage(program)

let running: Command = program
program.hook('preAction', (_program, command) => {
  running = command
})

// Whoever reads has read enough, such as `head`: no fault, and what is under way goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof Failure) {
    process.stderr.write(`gitsoc: ${error.message}\n`)
    process.stderr.write(`hint: ${hintFor(error, running)}\n`)
    process.exitCode = error.exitCode
  } else {
    process.stderr.write(`gitsoc: a fault of gitsoc: ${error instanceof Error ? error.message : String(error)}\n`)
    if (process.env.GITSOC_STACK === undefined)
      process.stderr.write('hint: the same with GITSOC_STACK=1 shows where, which is what a report of it needs\n')
    else if (error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
    process.exitCode = 1
  }
}
