import { none } from './github-completion.ts'
import { authOf, installations } from './github-emulator.ts'
import type { Api } from './github-objects.ts'
import { asDoc, type createPulls } from './github-pulls.ts'
import type { Doc, Relay } from './github-relay.ts'

/** What the emulator would have sent. */
export interface Captured {
  readonly event: string
  readonly payload: Doc
}

/** What follows from a change over there: heads of pull requests that move, pushes, webhooks in their order. */
export function createConsequences(parts: {
  readonly api: Api
  readonly pulls: ReturnType<typeof createPulls>
  readonly relay: Relay
  readonly captured: Captured[]
  readonly complete: (event: string, payload: Doc) => Promise<Doc>
}) {
  const { api, pulls, relay, captured, complete } = parts
  const installationOf = (repo: string) => installations[repo.split('/')[0] as 'acme' | 'umbrella']

  /** After something has changed: what follows from it, then the webhooks in their order. */
  return async (method: string, path: string, status: number, doc: unknown, auth: string): Promise<void> => {
    const repo = /^\/repos\/([^/]+\/[^/]+)/.exec(path)?.[1] ?? ''
    if (method === 'POST' && /\/pulls$/.test(path) && status === 201) await pulls.opened(asDoc(doc))
    const pull = /\/(?:pulls|issues)\/(\d+)$/.exec(path)
    if (method === 'PATCH' && pull !== null && typeof asDoc(doc).state === 'string')
      pulls.turned(repo, Number(pull[1]), asDoc(doc).state === 'open')
    if (method === 'POST' && /\/git\/refs$/.test(path) && status === 201) {
      const created = captured.findLast((one) => one.event === 'create')
      if (created !== undefined)
        captured.push({
          event: 'push',
          payload: { ...created.payload, before: none, after: asDoc(asDoc(doc).object).sha },
        })
    }
    const sent = captured.splice(0)
    for (const { event, payload } of sent) relay.enqueue(event, Promise.resolve(await complete(event, payload)))
    for (const { pull: moved, before } of await pulls.moved()) {
      if (installationOf(moved.repo) === undefined) continue
      const [pullDoc, repository, sender] = await Promise.all([
        api(authOf('lead'), 'GET', `/repos/${moved.repo}/pulls/${moved.number}`),
        api(authOf('lead'), 'GET', `/repos/${moved.repo}`),
        api(auth, 'GET', '/user').catch(() => null),
      ])
      relay.enqueue(
        'pull_request',
        Promise.resolve({
          action: 'synchronize',
          number: moved.number,
          before,
          after: moved.sha,
          pull_request: pulls.patch(pullDoc),
          repository,
          sender,
          installation: { id: installationOf(moved.repo) },
        }),
      )
    }
  }
}
