import { isContentPath, maxTotalBytes } from '../../../repo/index.ts'
import type { SignaturePolicy } from '../settings.ts'
import { type AuthorsAt, apiAuthors } from './api-authors.ts'
import type { CommitFacts } from './put-into-service.ts'
import { unverified } from './verified.ts'

const blobsAtOnce = 8

/** What is known of a commit by GitHub's API alone, for machines without git. */
export function apiFacts(at: AuthorsAt, commit: string, policy: SignaturePolicy): CommitFacts {
  const { client, owner, repo } = at
  return {
    async comesAfter(before) {
      const { data } = await client.rest.repos
        .compareCommitsWithBasehead({ owner, repo, basehead: `${before}...${commit}`, per_page: 1 })
        .catch((error: { status?: number }) => {
          if (error.status === 404) return { data: { status: 'diverged' } }
          throw error
        })
      return data.status === 'ahead' || data.status === 'identical'
    },
    async unsigned() {
      if (policy.kind === 'none') return null
      if (policy.kind === 'github') return unverified(at, commit)
      return 'signatures by allowed signers can only be checked where git is installed'
    },
    async read() {
      const { data: tree } = await client.rest.git.getTree({ owner, repo, tree_sha: commit, recursive: '1' })
      if (tree.truncated) throw new Error('the repository has more files than the API lists: install git here')
      const blobs = tree.tree.filter(
        (one) => one.type === 'blob' && (one.mode === '100644' || one.mode === '100755') && isContentPath(one.path),
      )
      if (blobs.length === 0) throw new Error(`commit ${commit} has no content`)
      if (blobs.reduce((sum, one) => sum + (one.size ?? 0), 0) > maxTotalBytes)
        throw new Error(`the content of ${commit} has more than ${maxTotalBytes} bytes`)
      const files: { path: string; text: string }[] = []
      for (let from = 0; from < blobs.length; from += blobsAtOnce)
        files.push(
          ...(await Promise.all(
            blobs.slice(from, from + blobsAtOnce).map(async ({ path, sha }) => {
              const { data } = await client.rest.git.getBlob({ owner, repo, file_sha: sha })
              return { path, text: Buffer.from(data.content, 'base64').toString('utf8') }
            }),
          )),
        )
      return { commit, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) }
    },
    authors: (playbooks) => apiAuthors(at, commit, playbooks),
  }
}
