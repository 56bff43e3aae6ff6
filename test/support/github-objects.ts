import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import type { Doc } from './github-relay.ts'

/** Calls the emulator itself, past the facade; throws on an answer that is no success. */
export type Api = (authorization: string, method: string, path: string, body?: Doc) => Promise<Doc>

interface Entry {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly sha: string
}
interface Person {
  readonly name: string
  readonly email: string
  readonly date: string
}
interface Commit {
  readonly sha: string
  readonly message: string
  readonly author: Person
  readonly committer: Person
  readonly tree: { readonly sha: string }
  readonly parents: readonly { readonly sha: string }[]
}

const commitOf = async (api: Api, auth: string, repo: string, sha: string) =>
  (await api(auth, 'GET', `/repos/${repo}/git/commits/${sha}`)) as unknown as Commit
const treeOf = async (api: Api, auth: string, repo: string, sha: string) =>
  ((await api(auth, 'GET', `/repos/${repo}/git/trees/${sha}`)).tree as readonly Entry[]).toSorted((a, b) =>
    Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b))),
  )
const nameOf = (one: Entry) => (one.type === 'tree' ? `${one.path}/` : one.path)
const blobOf = async (api: Api, auth: string, repo: string, sha: string) =>
  String((await api(auth, 'GET', `/repos/${repo}/git/blobs/${sha}`)).content)

/** Copies a commit with everything behind it into another repository, as a fork and its parent share objects on GitHub. */
export async function copyObjects(
  api: Api,
  from: { repo: string; auth: string },
  to: { repo: string; auth: string },
  sha: string,
  known = new Set<string>(),
): Promise<void> {
  const has = (kind: string, id: string) =>
    api(to.auth, 'GET', `/repos/${to.repo}/git/${kind}/${id}`).then(
      () => true,
      () => false,
    )
  const tree = async (id: string): Promise<void> => {
    if (known.has(id)) return
    known.add(id)
    const entries = await treeOf(api, from.auth, from.repo, id)
    for (const one of entries) {
      if (one.type === 'tree') await tree(one.sha)
      else if (!known.has(one.sha)) {
        known.add(one.sha)
        const content = await blobOf(api, from.auth, from.repo, one.sha)
        await api(to.auth, 'POST', `/repos/${to.repo}/git/blobs`, { content, encoding: 'base64' })
      }
    }
    await api(to.auth, 'POST', `/repos/${to.repo}/git/trees`, {
      tree: entries.map(({ path, mode, type, sha }) => ({ path, mode, type, sha })),
    })
  }
  const commit = async (id: string): Promise<void> => {
    if (known.has(id) || (await has('commits', id))) return
    known.add(id)
    const one = await commitOf(api, from.auth, from.repo, id)
    for (const parent of one.parents) await commit(parent.sha)
    await tree(one.tree.sha)
    await api(to.auth, 'POST', `/repos/${to.repo}/git/commits`, {
      message: one.message,
      author: one.author,
      committer: one.committer,
      tree: one.tree.sha,
      parents: one.parents.map((parent) => parent.sha),
    })
  }
  await commit(sha)
}

/** Writes a commit with everything behind it as loose objects of a real Git repository; the ids are the same. */
export async function writeObjects(
  api: Api,
  from: { repo: string; auth: string },
  gitDir: string,
  sha: string,
): Promise<void> {
  const fileOf = (id: string) => join(gitDir, 'objects', id.slice(0, 2), id.slice(2))
  const write = (type: string, content: Buffer, id: string) => {
    const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])
    const is = createHash('sha1').update(bytes).digest('hex')
    if (is !== id) throw new Error(`the emulator's ${type} ${id} is ${is} in Git`)
    mkdirSync(join(gitDir, 'objects', id.slice(0, 2)), { recursive: true })
    writeFileSync(fileOf(id), deflateSync(bytes))
  }
  const tree = async (id: string): Promise<void> => {
    if (existsSync(fileOf(id))) return
    const entries = await treeOf(api, from.auth, from.repo, id)
    for (const one of entries) {
      if (one.type === 'tree') await tree(one.sha)
      else if (!existsSync(fileOf(one.sha)))
        write('blob', Buffer.from(await blobOf(api, from.auth, from.repo, one.sha), 'base64'), one.sha)
    }
    const content = entries.flatMap((one) => [
      Buffer.from(`${one.mode.replace(/^0+/, '')} ${one.path}\0`),
      Buffer.from(one.sha, 'hex'),
    ])
    write('tree', Buffer.concat(content), id)
  }
  const line = (who: string, one: Person) =>
    `${who} ${one.name} <${one.email}> ${Math.floor(Date.parse(one.date) / 1000)} +0000`
  const commit = async (id: string): Promise<void> => {
    if (existsSync(fileOf(id))) return
    const one = await commitOf(api, from.auth, from.repo, id)
    for (const parent of one.parents) await commit(parent.sha)
    await tree(one.tree.sha)
    const head = [
      `tree ${one.tree.sha}`,
      ...one.parents.map((parent) => `parent ${parent.sha}`),
      line('author', one.author),
      line('committer', one.committer),
    ]
    write('commit', Buffer.from(`${head.join('\n')}\n\n${one.message.replace(/\n?$/, '\n')}`), id)
  }
  await commit(sha)
}
