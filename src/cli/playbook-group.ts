import type { Command } from 'commander'

/** The group `gitsoc playbook`, made by the first of its commands that registers. */
export function playbookGroup(program: Command): Command {
  return (
    program.commands.find((one) => one.name() === 'playbook') ??
    program.command('playbook').description('try, cover and break playbooks')
  )
}
