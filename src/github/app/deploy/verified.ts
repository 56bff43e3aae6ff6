import { oneLine } from '../../../core/model/index.ts'
import type { Client } from '../feature.ts'

/**
 * Null when GitHub says that it verified the signature of a commit, else why it did not. Merges by the button are signed by
 * GitHub itself. https://docs.github.com/rest/commits/commits#get-a-commit
 */
export async function unverified(
  { client, owner, repo }: { readonly client: Client; readonly owner: string; readonly repo: string },
  commit: string,
): Promise<string | null> {
  const { data } = await client.rest.repos.getCommit({ owner, repo, ref: commit })
  const { verification } = data.commit
  if (data.sha === commit && verification?.verified === true) return null
  return `GitHub says "${oneLine(verification?.reason ?? 'nothing', 60)}"`
}
