import type { Client } from '../feature.ts'

/** Where GitHub is asked; `births` remembers by file and commit whether the commit added the file, which never changes. */
export interface AuthorsAt {
  readonly client: Client
  readonly owner: string
  readonly repo: string
  readonly births: Map<string, boolean>
}

type Commit = Awaited<ReturnType<Client['rest']['repos']['listCommits']>>['data'][number]

const mostPlaybooks = 200
const mostCommits = 100
const mostBirths = 2000
const atOnce = 4
// Whoever commits chooses the message: each character is looked at once, whatever stands there.
const coAuthor = /^co-authored-by:([^<>\n]*)<([^<>\n]+)>[ \t\r]*$/gim

/**
 * Who wrote each playbook as it stands at a commit, by GitHub's API alone: mail addresses, names and logins of the authors, committers and
 * co-authors of every commit that changed the file, whatever is left of it. Left out, which asks one person more of every approval: a
 * playbook whose history is longer than 100 commits, or does not begin with a commit that added the file (the API does not follow
 * renames), or of which GitHub does not answer. https://docs.github.com/rest/commits/commits#list-commits
 */
export async function apiAuthors(
  at: AuthorsAt,
  commit: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const asked = ids.filter((id) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(id)).slice(0, mostPlaybooks)
  const found: (readonly [string, readonly string[]])[] = []
  for (let from = 0; from < asked.length; from += atOnce)
    await Promise.all(
      asked.slice(from, from + atOnce).map(async (id) => {
        const names = await authorsOf(at, commit, `playbooks/${id}.yaml`).catch(() => [])
        if (names.length > 0) found.push([id, names])
      }),
    )
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function authorsOf(at: AuthorsAt, sha: string, path: string): Promise<readonly string[]> {
  const { client, owner, repo } = at
  const { data, headers } = await client.rest.repos.listCommits({ owner, repo, sha, path, per_page: mostCommits })
  const oldest = data.at(-1)
  const isMore = data.length >= mostCommits || headers.link?.includes('rel="next"') === true
  if (oldest === undefined || isMore || !(await isBirth(at, oldest.sha, path))) return []
  return [...new Set(data.flatMap(namesOf))]
}

async function isBirth({ client, owner, repo, births }: AuthorsAt, ref: string, path: string): Promise<boolean> {
  const key = `${owner}/${repo} ${ref} ${path}`
  const known = births.get(key)
  if (known !== undefined) return known
  const { data } = await client.rest.repos.getCommit({ owner, repo, ref })
  const isAdded = data.files?.some((one) => one.filename === path && one.status === 'added') === true
  if (births.size >= mostBirths) births.clear()
  births.set(key, isAdded)
  return isAdded
}

function namesOf({ commit, author, committer }: Commit): readonly string[] {
  const people = [commit.author?.email, commit.author?.name, commit.committer?.email, commit.committer?.name]
  const helpers = [...commit.message.matchAll(coAuthor)].flatMap(([, name, email]) => [name, email])
  return [...people, author?.login, committer?.login, ...helpers].flatMap((one) =>
    typeof one === 'string' && one.trim() !== '' ? [one.trim()] : [],
  )
}
