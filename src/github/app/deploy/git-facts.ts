import { comesAfter, playbookAuthors, readCommit, signedBy } from '../../../repo/index.ts'
import type { Client } from '../feature.ts'
import type { SignaturePolicy } from '../settings.ts'
import type { CommitFacts } from './put-into-service.ts'
import { unverified } from './verified.ts'

/** What is known of a commit of a mirror or another repository of this machine. */
export function gitFacts(
  dir: string,
  commit: string,
  policy: SignaturePolicy,
  ask: (() => Promise<{ readonly client: Client; readonly owner: string; readonly repo: string }>) | null,
): CommitFacts {
  return {
    comesAfter: (before) => comesAfter(dir, commit, before),
    async unsigned() {
      if (policy.kind === 'none') return null
      if (policy.kind === 'github')
        return ask === null ? 'GitHub is not there to be asked' : unverified(await ask(), commit)
      const by = await signedBy(dir, commit, policy.file)
      return by === null ? 'no key of the allowed signers has signed it' : null
    },
    read: () => readCommit(dir, commit),
    authors: (playbooks) => playbookAuthors(dir, commit, playbooks),
  }
}
