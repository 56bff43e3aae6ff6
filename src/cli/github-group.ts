import type { Command } from 'commander'

/** The group of commands about GitHub, made by whichever of them comes first. */
export function githubGroup(program: Command): Command {
  const found = program.commands.find((one) => one.name() === 'github')
  return found ?? program.command('github').description('the GitHub app: incidents as issues, deploys, plans')
}
