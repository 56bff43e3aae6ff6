import type { Command } from 'commander'

/** The group of commands about runs, made by whichever of them comes first. */
export function runsGroup(program: Command): Command {
  const found = program.commands.find((one) => one.name() === 'runs')
  return (
    found ?? program.command('runs').description('what playbooks have done and wait for; start, steer and end runs')
  )
}
