import { type Api, copyObjects } from './github-objects.ts'
import type { Doc } from './github-relay.ts'

/** A pull request as the facade knows it: the emulator forgets pushes to its branch. */
export interface Pull {
  readonly repo: string
  readonly number: number
  readonly headRepo: string
  readonly headRef: string
  sha: string
  isOpen: boolean
  merged: { readonly sha: string; readonly by: unknown; readonly at: string } | null
}

/** An answer of a route that the facade gives itself. */
export interface Given {
  readonly status: number
  readonly doc: unknown
}

export const asDoc = (value: unknown): Doc => (value ?? {}) as Doc
export const asDocs = (value: unknown): readonly Doc[] => (value ?? []) as readonly Doc[]

/** What the emulator lacks of pull requests: moving heads, files, merges that push. */
export function createPulls(api: Api, authOf: (repo: string) => string) {
  const pulls = new Map<string, Pull>()
  const of = (repo: string, number: number) => pulls.get(`${repo}#${number}`)
  const headOf = async (repo: string, ref: string): Promise<string | null> =>
    api(authOf(repo), 'GET', `/repos/${repo}/git/ref/heads/${ref}`).then(
      (found) => String(asDoc(found.object).sha),
      () => null,
    )

  const share = async (pull: Pull) => {
    if (pull.headRepo === pull.repo) return
    const from = { repo: pull.headRepo, auth: authOf(pull.headRepo) }
    await copyObjects(api, from, { repo: pull.repo, auth: authOf(pull.repo) }, pull.sha)
  }

  return {
    all: () => [...pulls.values()],
    of,
    /** The document with the head that the branch has now, and with the merge that the facade made. */
    patch(doc: Doc): Doc {
      const base = asDoc(doc.base)
      const pull = of(String(asDoc(base.repo).full_name), Number(doc.number))
      if (pull === undefined) return doc
      const merge =
        pull.merged === null
          ? {}
          : { merged: true, merged_at: pull.merged.at, merge_commit_sha: pull.merged.sha, merged_by: pull.merged.by }
      return { ...doc, ...merge, head: { ...asDoc(doc.head), sha: pull.sha } }
    },
    async opened(doc: Doc): Promise<void> {
      const [head, base] = [asDoc(doc.head), asDoc(doc.base)]
      const repo = String(asDoc(base.repo).full_name)
      const pull: Pull = {
        repo,
        number: Number(doc.number),
        headRepo: String(asDoc(head.repo).full_name),
        headRef: String(head.ref),
        sha: String(head.sha),
        isOpen: true,
        merged: null,
      }
      pulls.set(`${repo}#${pull.number}`, pull)
      await share(pull)
    },
    turned(repo: string, number: number, isOpen: boolean): void {
      const pull = of(repo, number)
      if (pull !== undefined) pull.isOpen = isOpen
    },
    /** The pull requests whose branch has moved, with where it was. */
    async moved(): Promise<readonly { pull: Pull; before: string }[]> {
      const found: { pull: Pull; before: string }[] = []
      for (const pull of pulls.values()) {
        if (!pull.isOpen) continue
        const now = await headOf(pull.headRepo, pull.headRef)
        if (now === null || now === pull.sha) continue
        found.push({ pull, before: pull.sha })
        pull.sha = now
        await share(pull)
      }
      return found
    },
    async files(repo: string, number: number, auth: string): Promise<Given> {
      const pull = of(repo, number)
      if (pull === undefined) return { status: 404, doc: { message: 'Not Found' } }
      const doc = await api(auth, 'GET', `/repos/${repo}/pulls/${number}`)
      const compared = await api(auth, 'GET', `/repos/${repo}/compare/${asDoc(doc.base).sha}...${pull.sha}`)
      return { status: 200, doc: compared.files }
    },
    /** Merges the branch's present head into the base's present head, file by file where both have moved. */
    async merge(repo: string, number: number, auth: string, body: Doc): Promise<Given> {
      const pull = of(repo, number)
      if (pull === undefined) return { status: 404, doc: { message: 'Not Found' } }
      if (!pull.isOpen) return { status: 405, doc: { message: 'Pull Request is not mergeable' } }
      if (typeof body.sha === 'string' && body.sha !== pull.sha)
        return { status: 409, doc: { message: 'Head branch was modified. Review and try the merge again.' } }
      const doc = await api(auth, 'GET', `/repos/${repo}/pulls/${number}`)
      const base = String(asDoc(doc.base).ref)
      const tip = await headOf(repo, base)
      const compared = await api(auth, 'GET', `/repos/${repo}/compare/${tip}...${pull.sha}`)
      const treeAt = async (sha: string) =>
        String(asDoc((await api(auth, 'GET', `/repos/${repo}/git/commits/${sha}`)).tree).sha)
      const tree =
        compared.behind_by === 0
          ? await treeAt(pull.sha)
          : await api(auth, 'POST', `/repos/${repo}/git/trees`, {
              base_tree: await treeAt(String(tip)),
              tree: asDocs(compared.files).map((file) => ({
                path: file.filename,
                mode: '100644',
                type: 'blob',
                sha: file.status === 'removed' ? null : file.sha,
              })),
            }).then((made) => made.sha)
      const made = await api(auth, 'POST', `/repos/${repo}/git/commits`, {
        message: `Merge pull request #${number} from ${pull.headRepo.split('/')[0]}/${pull.headRef}`,
        tree,
        parents: body.merge_method === 'squash' ? [tip] : [tip, pull.sha],
      })
      await api(auth, 'PATCH', `/repos/${repo}/git/refs/heads/${base}`, { sha: made.sha })
      const by = await api(auth, 'GET', '/user').catch(() => null)
      pull.merged = { sha: String(made.sha), by, at: new Date().toISOString() }
      pull.isOpen = false
      await api(auth, 'PATCH', `/repos/${repo}/pulls/${number}`, { state: 'closed' })
      return { status: 200, doc: { sha: made.sha, merged: true, message: 'Pull Request successfully merged' } }
    },
  }
}
