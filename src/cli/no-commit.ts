import { plain } from '../cases/index.ts'
import { didYouMean } from '../core/model/index.ts'
import { namesOfCommits } from '../repo/index.ts'
import { Failure } from './failure.ts'

/** Ends a command whose commits cannot be read, with what was meant if a branch or tag is named nearly so. */
export function noCommit(root: string, revisions: readonly string[]): (error: Error) => Promise<never> {
  return async ({ message }) => {
    const missing = revisions.find((one) => message.includes(`"${one}"`))
    const names = missing === undefined ? [] : await namesOfCommits(root)
    const near = missing === undefined ? undefined : didYouMean(missing, names)
    const hint = near ?? `name a branch, a tag or an id of git -C ${root} log --oneline`
    throw new Failure(plain(message, 500), { exitCode: 3, ...(missing === undefined ? {} : { hint }) })
  }
}
