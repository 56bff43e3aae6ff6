import { type Command, InvalidArgumentError } from 'commander'
import { incidentNumber } from '../core/command/index.ts'

/** `gitsoc incidents`, once, whichever command comes first. */
export function incidentsGroup(program: Command): Command {
  return (
    program.commands.find((one) => one.name() === 'incidents') ??
    program.command('incidents').description('list incidents and work on them')
  )
}

/** An incident as people write it: `17`, `#17` or `INC-17`. */
export function numberOfIncident(text: string): number {
  const number = incidentNumber(text)
  if (number === null) throw new InvalidArgumentError('it is a whole number from 1, as 17, #17 or INC-17.')
  return number
}
