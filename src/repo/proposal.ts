import type { SourceFile } from '../core/content/index.ts'
import { commitFiles, pushBranch } from './commit-files.ts'

/** Files that the machine wants to have in the repository. */
export interface Proposal {
  /** Names it among all: the same proposal made again goes to the same branch. Small letters, digits, `-`. */
  readonly key: string
  readonly title: string
  /** Markdown for whoever reviews it; texts of events stand in it escaped. */
  readonly body: string
  readonly files: readonly SourceFile[]
  /** Without a review, onto the branch that is deployed. */
  readonly direct: boolean
}

/** Where a proposal went; `url` of the pull request, null where there is none. */
export interface Published {
  readonly commit: string
  readonly branch: string
  readonly url: string | null
  /** False where all of it was there already. */
  readonly isNew: boolean
}

/** Brings proposals into a repository. The same proposal twice is one. */
export interface Publisher {
  publish(proposal: Proposal, at: number): Promise<Published>
}

/** The branch of a proposal. */
export const proposalBranch = ({ key }: Pick<Proposal, 'key'>) => `gitsoc/${key}`

/**
 * A publisher for a repository on this machine: each proposal is a branch, pushed when there is somewhere to push to; a
 * pull request is opened by a person.
 */
export function gitPublisher(place: {
  readonly repository: string
  /** The branch that is deployed. */
  readonly base: string
  readonly remote?: string
}): Publisher {
  const { repository, base, remote } = place
  return {
    async publish(proposal, at) {
      const branch = proposal.direct ? base : proposalBranch(proposal)
      const message = `${proposal.title}\n\n${proposal.body}`
      const { files } = proposal
      const { commit, isNew } = await commitFiles(repository, { branch, onto: base, files, message, at })
      if (remote !== undefined) await pushBranch(repository, remote, branch)
      return { commit, branch, url: null, isNew }
    },
  }
}
