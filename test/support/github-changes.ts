import type { TestGithub } from './github.ts'
import { authOf, fetchDirectly } from './github-emulator.ts'
import { type Api, copyObjects } from './github-objects.ts'
import { asDoc } from './github-pulls.ts'
import type { Doc } from './github-relay.ts'

/** What people push: commits to branches, and forks. Objects are made past the front, refs through it, so that webhooks follow. */
export function createChanges(api: Api, url: string): Pick<TestGithub, 'commit' | 'fork'> {
  const viaFront = async (login: string, method: string, path: string, body?: Doc): Promise<Doc> => {
    const response = await fetchDirectly(`${url}${path}`, {
      method,
      headers: { authorization: authOf(login), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return (text === '' ? {} : JSON.parse(text)) as Doc
  }

  return {
    async commit(repo, branch, files, { by = 'lead', message = 'Change content', onto } = {}) {
      const auth = authOf(by)
      const ref = await api(auth, 'GET', `/repos/${repo}/git/ref/heads/${branch}`).catch(ifMissing)
      const start =
        onto ?? String(asDoc((ref ?? (await api(auth, 'GET', `/repos/${repo}/git/ref/heads/main`))).object).sha)
      const parent = await api(auth, 'GET', `/repos/${repo}/git/commits/${start}`)
      const tree = await api(auth, 'POST', `/repos/${repo}/git/trees`, {
        base_tree: asDoc(parent.tree).sha,
        tree: Object.entries(files).map(([path, content]) => ({
          path,
          mode: '100644',
          type: 'blob',
          ...(content === null ? { sha: null } : { content }),
        })),
      })
      const made = await api(auth, 'POST', `/repos/${repo}/git/commits`, { message, tree: tree.sha, parents: [start] })
      const sha = String(made.sha)
      if (ref === null) await viaFront(by, 'POST', `/repos/${repo}/git/refs`, { ref: `refs/heads/${branch}`, sha })
      else await viaFront(by, 'PATCH', `/repos/${repo}/git/refs/heads/${branch}`, { sha, force: onto !== undefined })
      return sha
    },
    async fork(repo) {
      const made = await viaFront('outsider', 'POST', `/repos/${repo}/forks`, {})
      const name = String(made.full_name)
      const head = await api(authOf('lead'), 'GET', `/repos/${repo}/git/ref/heads/main`)
      const sha = String(asDoc(head.object).sha)
      await copyObjects(api, { repo, auth: authOf('lead') }, { repo: name, auth: authOf('outsider') }, sha)
      await viaFront('outsider', 'PATCH', `/repos/${name}/git/refs/heads/main`, { sha, force: true })
      return name
    },
  }
}

/** No such branch; anything else is told as what it is. */
function ifMissing(error: Error): null {
  if (/: 404 /.test(error.message)) return null
  throw error
}
