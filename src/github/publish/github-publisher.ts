import { type Proposal, type Published, type Publisher, proposalBranch } from '../../repo/index.ts'
import type { Client, Seat } from '../app/feature.ts'

type Place = Pick<Seat, 'client' | 'owner' | 'repo'>

/**
 * A publisher over GitHub's API: each proposal is a branch and one pull request, a direct one a commit on the default
 * branch. What people closed is not opened again unless the proposal says something new.
 */
export function githubPublisher(place: Place): Publisher {
  const { owner, repo } = place
  return {
    async publish(proposal, at) {
      const { rest } = await place.client()
      const { data: repository } = await rest.repos.get({ owner, repo })
      const base = repository.default_branch
      const branch = proposal.direct ? base : proposalBranch(proposal)
      const known = await headOf(rest, { owner, repo }, branch)
      const parent = known ?? (await headOf(rest, { owner, repo }, base))
      if (parent === null) throw new Error(`${owner}/${repo} has no branch ${base}`)
      const made = await commitOnto(rest, { owner, repo }, parent, proposal, at)
      if (known === null) await rest.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha: made.commit })
      else if (made.isNew)
        await rest.git.updateRef({ owner, repo, ref: `heads/${branch}`, sha: made.commit, force: false })
      if (proposal.direct) return { ...made, branch, url: null }
      return pullRequestOf(rest, { owner, repo, base, branch }, proposal, made)
    },
  }
}

type Rest = Client['rest']
interface Repository {
  readonly owner: string
  readonly repo: string
}

async function headOf(rest: Rest, where: Repository, branch: string): Promise<string | null> {
  return rest.git.getRef({ ...where, ref: `heads/${branch}` }).then(
    ({ data }) => data.object.sha,
    (error: { status?: number }) => {
      if (error.status === 404) return null
      throw error
    },
  )
}

/** A commit with the files after another one; that one itself where it holds them already. */
async function commitOnto(
  rest: Rest,
  where: Repository,
  parent: string,
  { title, body, files }: Proposal,
  at: number,
): Promise<{ commit: string; isNew: boolean }> {
  const { data: before } = await rest.git.getCommit({ ...where, commit_sha: parent })
  const { data: tree } = await rest.git.createTree({
    ...where,
    base_tree: before.tree.sha,
    tree: files.map(({ path, text }) => ({ path, mode: '100644', type: 'blob', content: text })),
  })
  if (tree.sha === before.tree.sha) return { commit: parent, isNew: false }
  const date = new Date(at).toISOString()
  const { data: commit } = await rest.git.createCommit({
    ...where,
    message: `${title}\n\n${body}`,
    tree: tree.sha,
    parents: [parent],
    author: { name: 'gitsoc', email: 'gitsoc@localhost', date },
  })
  return { commit: commit.sha, isNew: true }
}

async function pullRequestOf(
  rest: Rest,
  { owner, repo, base, branch }: Repository & { readonly base: string; readonly branch: string },
  { title, body }: Proposal,
  made: { commit: string; isNew: boolean },
): Promise<Published> {
  const { data: found } = await rest.pulls.list({ owner, repo, head: `${owner}:${branch}`, state: 'all', per_page: 20 })
  const mine = found.filter(({ head }) => head.ref === branch)
  const standing = mine.find(({ state }) => state === 'open') ?? (made.isNew ? undefined : mine[0])
  if (standing !== undefined) return { ...made, branch, url: standing.html_url }
  const { data: opened } = await rest.pulls.create({ owner, repo, base, head: branch, title, body })
  return { ...made, branch, url: opened.html_url, isNew: true }
}
