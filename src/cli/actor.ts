import { userInfo } from 'node:os'

/** Who sits at the terminal: `--as`, GITSOC_ACTOR, or the user of the machine. */
export const actorOf = (options: { readonly as?: string }): string =>
  options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
