import type { Command } from 'commander'

/** The group `gitsoc rules`, made by the first of its commands that registers. */
export function rulesGroup(program: Command): Command {
  return (
    program.commands.find((one) => one.name() === 'rules') ??
    program.command('rules').description('work with detection rules')
  )
}
