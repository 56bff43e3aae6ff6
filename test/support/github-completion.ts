import { ownerAuth, testApp } from './github-emulator.ts'
import type { Api } from './github-objects.ts'
import { asDoc, asDocs, type createPulls } from './github-pulls.ts'
import type { Doc } from './github-relay.ts'

/** No commit. */
export const none = '0'.repeat(40)

/** What the emulator leaves out of its answers and payloads, put in as GitHub has it. */
export function createCompletion(api: Api, pulls: ReturnType<typeof createPulls>) {
  const verified = new Map<string, Doc>()
  /** Milestones of an issue's events, in their order: the list of events leaves them out. */
  const milestones = new Map<string, unknown[]>()
  const patched = (path: string, doc: unknown): unknown => {
    if (/\/pulls(\/\d+)?$/.test(path))
      return Array.isArray(doc) ? doc.map((one) => pulls.patch(asDoc(one))) : pulls.patch(asDoc(doc))
    if (/\/annotations$/.test(path)) return asDoc(doc).check_annotations ?? doc
    if (/\/check-runs(\/\d+)?$/.test(path)) {
      const known = asDoc(doc).check_runs
      return Array.isArray(known) ? { ...asDoc(doc), check_runs: known.map(withApp) } : withApp(doc)
    }
    const events = /^\/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/events$/.exec(path)
    if (events !== null) {
      const titles = [...(milestones.get(`${events[1]}#${events[2]}`) ?? [])]
      return asDocs(doc).map((one) => (isMilestoning(one.event) ? { ...one, milestone: titles.shift() ?? null } : one))
    }
    const commit = /\/(git\/)?commits\/[^/]+$/.exec(path)
    const verification = verified.get(String(asDoc(doc).sha))
    if (commit !== null && verification !== undefined)
      return commit[1] === undefined
        ? { ...asDoc(doc), commit: { ...asDoc(asDoc(doc).commit), verification } }
        : { ...asDoc(doc), verification }
    return doc
  }
  const withApp = (run: unknown): Doc => ({ ...asDoc(run), app: { ...testApp, name: testApp.slug } })

  /** A payload as GitHub sends it, from what the emulator sends. */
  const complete = async (event: string, payload: Doc): Promise<Doc> => {
    const repo = String(asDoc(payload.repository).full_name)
    if (event === 'issues' && isMilestoning(payload.action)) {
      const key = `${repo}#${asDoc(payload.issue).number}`
      milestones.set(key, [...(milestones.get(key) ?? []), payload.milestone])
    }
    if (event === 'pull_request')
      return {
        number: asDoc(payload.pull_request).number,
        ...payload,
        pull_request: pulls.patch(asDoc(payload.pull_request)),
      }
    if (event === 'check_run') return { ...payload, check_run: withApp(payload.check_run) }
    if (event !== 'push') return payload
    const [before, after] = [String(payload.before), String(payload.after)]
    const isNew = before === none
    const compared =
      isNew || after === none
        ? null
        : await api(ownerAuth(repo), 'GET', `/repos/${repo}/compare/${before}...${after}`).catch(() => null)
    const head = after === none ? null : await api(ownerAuth(repo), 'GET', `/repos/${repo}/git/commits/${after}`)
    const short = (sha: unknown, one: Doc): Doc => ({
      id: sha,
      message: one.message,
      author: one.author,
      committer: one.committer,
    })
    return {
      ...payload,
      created: isNew,
      deleted: after === none,
      forced: !isNew && compared?.status !== 'ahead',
      pusher: { name: asDoc(payload.sender).login },
      commits: asDocs(compared?.commits).map((one) => short(one.sha, asDoc(one.commit))),
      head_commit: head === null ? null : short(after, head),
    }
  }

  return {
    patched,
    complete,
    /** Says of a commit that GitHub has verified its signature, or why not. */
    verify(sha: string, reason: string) {
      verified.set(sha, { verified: reason === 'valid', reason, signature: null, payload: null })
    },
  }
}

const isMilestoning = (event: unknown) => event === 'milestoned' || event === 'demilestoned'
