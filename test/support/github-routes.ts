import { randomBytes } from 'node:crypto'
import { authOf, logins, testApp, tokenIn, tokenOf } from './github-emulator.ts'
import type { Api } from './github-objects.ts'
import { asDoc, asDocs, type createPulls, type Given } from './github-pulls.ts'
import type { Doc } from './github-relay.ts'

/** What the routes are answered with. */
export interface RouteParts {
  readonly api: Api
  readonly pulls: ReturnType<typeof createPulls>
  /** Of the front. */
  readonly url: string
  readonly privateKey: string
  readonly webhookSecret: string
}

/** Routes that the emulator lacks or gets wrong: statuses, reactions, files and merges of pull requests, tokens, manifests. */
export function createRoutes({ api, pulls, url, privateKey, webhookSecret }: RouteParts) {
  /** Which account a token is of; `*` = a user's, who may do everything. */
  const tokens = new Map<string, string>(logins.map((login) => [tokenOf(login), '*']))
  const statuses = new Map<string, Doc[]>()
  const reactions = new Map<string, Doc[]>()
  let nextId = 1

  /** Whether a token may do something in a repository: users may, installations in their own account. */
  const mayEnter = (authorization: string | undefined, repo: string): boolean => {
    const token = tokenIn(authorization)
    const account = token === null ? undefined : tokens.get(token)
    return account === '*' || account === repo.split('/')[0]
  }

  /** Null = the emulator answers. */
  const answer = async (
    method: string,
    path: string,
    query: URLSearchParams,
    auth: string,
    body: Doc,
  ): Promise<Given | null> => {
    const repo = /^\/repos\/([^/]+\/[^/]+)/.exec(path)?.[1] ?? ''
    const rest = path.slice(`/repos/${repo}`.length)
    const denied: Given = { status: 403, doc: { message: 'Resource not accessible by integration' } }
    const status = /^\/statuses\/([0-9a-f]{40})$/.exec(rest)
    if (status !== null && method === 'POST') {
      if (!mayEnter(auth, repo)) return denied
      const sha = String(status[1])
      const made = {
        id: nextId++,
        context: 'default',
        description: null,
        target_url: null,
        ...body,
        created_at: new Date().toISOString(),
      }
      statuses.set(sha, [made, ...(statuses.get(sha) ?? [])])
      return { status: 201, doc: made }
    }
    const asks = /^\/commits\/([0-9a-f]{40})\/(status|statuses)$/.exec(rest)
    if (asks !== null && method === 'GET') {
      const sha = String(asks[1])
      const all = statuses.get(sha) ?? []
      if (asks[2] === 'statuses') return { status: 200, doc: all }
      const newest = [...Map.groupBy(all, (one) => one.context).values()].map(([first]) => asDoc(first))
      const states = newest.map((one) => one.state)
      const state = states.some((one) => one === 'failure' || one === 'error')
        ? 'failure'
        : states.length === 0 || states.includes('pending')
          ? 'pending'
          : 'success'
      return { status: 200, doc: { sha, state, total_count: newest.length, statuses: newest } }
    }
    const brought = /^\/commits\/([0-9a-f]{40})\/pulls$/.exec(rest)
    if (brought !== null && method === 'GET') {
      const found = pulls.all().filter((one) => one.repo === repo && one.merged?.sha === brought[1])
      const docs = await Promise.all(found.map((one) => api(auth, 'GET', `/repos/${repo}/pulls/${one.number}`)))
      return { status: 200, doc: docs.map(pulls.patch) }
    }
    const reaction = /^\/issues\/(?:comments\/)?\d+\/reactions$/.exec(rest)
    if (reaction !== null) {
      if (!mayEnter(auth, repo)) return denied
      const all = reactions.get(path) ?? []
      if (method === 'GET') return { status: 200, doc: all }
      const known = all.find((one) => one.content === body.content)
      if (known !== undefined) return { status: 200, doc: known }
      const made = { id: nextId++, content: body.content }
      reactions.set(path, [...all, made])
      return { status: 201, doc: made }
    }
    const pull = /^\/pulls\/(\d+)\/(files|merge)$/.exec(rest)
    if (pull?.[2] === 'files' && method === 'GET') {
      const given = await pulls.files(repo, Number(pull[1]), auth)
      const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 30)]
      return Array.isArray(given.doc) ? { ...given, doc: given.doc.slice((page - 1) * size, page * size) } : given
    }
    if (pull?.[2] === 'merge' && method === 'PUT') return pulls.merge(repo, Number(pull[1]), auth, body)
    // The emulator takes `comments` for the number of an issue.
    if (rest === '/issues/comments' && method === 'GET') {
      const issues = asDocs(await api(auth, 'GET', `/repos/${repo}/issues?state=all&per_page=100`))
      const lists = await Promise.all(
        issues.map((one) => api(auth, 'GET', `/repos/${repo}/issues/${one.number}/comments?per_page=100`)),
      )
      const since = query.get('since') ?? ''
      const all = lists
        .flatMap(asDocs)
        .filter((one) => String(one.updated_at) >= since)
        .toSorted((a, b) => String(a.updated_at).localeCompare(String(b.updated_at)))
      const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 30)]
      return { status: 200, doc: all.slice((page - 1) * size, page * size) }
    }
    if (path === '/installation/repositories' && method === 'GET') {
      const account = tokens.get(tokenIn(auth) ?? '')
      if (account === undefined || account === '*') return { status: 401, doc: { message: 'Bad credentials' } }
      const found = await api(authOf('lead'), 'GET', `/repos/${account}/soc`)
      return { status: 200, doc: { total_count: 1, repository_selection: 'all', repositories: [found] } }
    }
    if (path === '/installation/token' && method === 'DELETE') {
      tokens.delete(tokenIn(auth) ?? '')
      return { status: 204, doc: null }
    }
    const conversion = /^\/app-manifests\/([\w-]+)\/conversions$/.exec(path)
    if (conversion !== null && method === 'POST')
      return conversion[1] !== 'good-code'
        ? { status: 404, doc: { message: 'Not Found' } }
        : {
            status: 201,
            doc: {
              id: testApp.id,
              slug: testApp.slug,
              name: testApp.slug,
              html_url: `${url}/apps/${testApp.slug}`,
              client_id: 'Iv1.test',
              client_secret: randomBytes(20).toString('hex'),
              webhook_secret: webhookSecret,
              pem: privateKey,
            },
          }
    return null
  }

  return {
    answer,
    mayEnter,
    /** The statuses of a commit, newest first. */
    statuses: (sha: string): readonly Doc[] => statuses.get(sha) ?? [],
    /** A token of an installation was minted. */
    minted: (token: string, account: string) => void tokens.set(token, account),
  }
}
