import { Failure } from './failure.ts'

/** The reason that was given; wrong usage where none was. */
export function neededReason(what: string, given: string | undefined): string {
  const reason = given?.trim() ?? ''
  if (reason === '') throw new Failure(`${what} needs a reason`, { hint: 'add --reason "..."', exitCode: 2 })
  return reason
}
