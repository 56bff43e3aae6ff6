/** Exit codes of every command: 0 done, 1 found something wrong, 2 wrong usage, 3 the environment is missing something. */
export type ExitCode = 1 | 2 | 3

/** An expected end of a command: one line of what happened, one of what to do, and the exit code. `main.ts` prints it. */
export class Failure extends Error {
  readonly hint: string | undefined
  readonly exitCode: ExitCode

  constructor(message: string, options: { hint?: string; exitCode?: ExitCode } = {}) {
    super(message)
    this.name = 'Failure'
    this.hint = options.hint
    this.exitCode = options.exitCode ?? 1
  }
}
