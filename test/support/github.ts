import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { createEmulator } from 'emulate'
import { onTestFinished } from 'vitest'
import { createGitHttp } from './github-git.ts'
import type { Api } from './github-objects.ts'
import { copyObjects } from './github-objects.ts'
import { asDoc, asDocs, createPulls, type Given } from './github-pulls.ts'
import { createRelay, type Doc, type Relay } from './github-relay.ts'

export type { Delivered, Delivery, Doc } from './github-relay.ts'
export { deliveryHeaders } from './github-relay.ts'

/** What happens to a request instead of an answer of GitHub. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly message?: string }
  | 'hang'
  | 'reset'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: Doc
}

/** GitHub as tests see it. Repositories `acme/soc` and `umbrella/soc`, each with an installation of one app. */
export interface TestGithub extends Pick<Relay, 'delivered' | 'hold' | 'release' | 'take' | 'deliver' | 'idle'> {
  /** Of the REST API; Git lies at `<url>/<owner>/<name>.git`. */
  readonly url: string
  readonly app: {
    readonly id: number
    readonly slug: string
    readonly privateKey: string
    readonly webhookSecret: string
  }
  readonly installations: Readonly<Record<'acme' | 'umbrella', number>>
  /** Every request that came to the API, oldest first. */
  readonly asked: readonly Asked[]
  /** Webhooks go there from now on; null = they wait. */
  deliverTo(url: string | null): void
  /** A client that acts as a user: `lead` and `analyst` are members of both organisations, `outsider` of none. */
  as(login: 'lead' | 'analyst' | 'outsider'): Octokit
  /**
   * Commits files (text by path, null = removed) to a branch, which is made from the default branch when it is not there;
   * with `onto` the branch is moved to a commit after that one, whatever it held. The new head.
   */
  commit(
    repo: string,
    branch: string,
    files: Readonly<Record<string, string | null>>,
    options?: { readonly by?: 'lead' | 'analyst' | 'outsider'; readonly message?: string; readonly onto?: string },
  ): Promise<string>
  /** A fork that belongs to the outsider, with the parent's default branch. */
  fork(repo: string): Promise<string>
  /** Says of a commit that GitHub has verified its signature, or why not. */
  verify(sha: string, reason?: string): void
  /** The statuses of a commit, newest first. */
  statuses(sha: string): readonly Doc[]
  /** Asked about every request to the API; what it gives happens instead. Null takes it away. */
  fail(fault: ((asked: Asked) => Fault | null) | null): void
  /** Nobody listens any more: connections are refused, webhooks wait. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

const appId = 4711
const slug = 'gitsoc'
const logins = ['lead', 'analyst', 'outsider'] as const
const tokenOf = (login: string) => `gho_${login}`
const authOf = (login: string) => `token ${tokenOf(login)}`
const none = '0'.repeat(40)

/** Hooks that the emulator sends: it runs in this process, so that they are taken in the order in which they arise. */
const hooks = new Map<string, (event: string, payload: Doc) => void>()
const realFetch = globalThis.fetch
const hookedFetch: typeof fetch = (input, init) => {
  const take = typeof input === 'string' ? hooks.get(input) : undefined
  if (take === undefined) return realFetch(input, init)
  take(new Headers(init?.headers).get('x-github-event') ?? '', JSON.parse(String(init?.body)) as Doc)
  return Promise.resolve(new Response(null, { status: 204 }))
}

/** The emulator behind a front of ours, which adds what it lacks; closed when the test ends. */
export async function testGithub(): Promise<TestGithub> {
  const github = await startGithub()
  onTestFinished(() => github.close())
  return github
}

/** The same outside of a test: whoever starts it closes it. */
export async function startGithub(): Promise<TestGithub> {
  globalThis.fetch = hookedFetch
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-github-'))
  const webhookSecret = randomBytes(20).toString('hex')
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKey = key.export({ format: 'pem', type: 'pkcs1' }).toString()
  const relay = createRelay(webhookSecret)
  const asked: Asked[] = []
  let faultOf: ((asked: Asked) => Fault | null) | null = null
  const hung = new Set<ServerResponse>()

  let port = 0
  let server: Server = listener()
  await listen()
  const url = `http://127.0.0.1:${port}`
  const installations = { acme: 100, umbrella: 200 }
  const owners = Object.keys(installations)
  const emulatorPort = await freePort()
  const emulatorUrl = `http://127.0.0.1:${emulatorPort}`
  const emulator = await createEmulator({
    service: 'github',
    port: emulatorPort,
    baseUrl: url,
    seed: {
      tokens: Object.fromEntries(
        logins.map((login) => [tokenOf(login), { login, scopes: ['repo', 'admin:org', 'user'] }]),
      ),
      github: {
        users: logins.map((login) => ({ login, email: `${login}@example.com` })),
        orgs: owners.map((login) => ({
          login,
          members: [
            { login: 'lead', role: 'admin' },
            { login: 'analyst', role: 'member' },
          ],
        })),
        repos: owners.map((owner) => ({ owner, name: 'soc' })),
        apps: [
          {
            app_id: appId,
            slug,
            name: slug,
            private_key: privateKey,
            permissions: {
              contents: 'write',
              issues: 'write',
              pull_requests: 'write',
              checks: 'write',
              statuses: 'write',
              metadata: 'read',
              members: 'read',
            },
            events: ['*'],
            webhook_url: `${url}/_hook`,
            installations: Object.entries(installations).map(([account, installation_id]) => ({
              installation_id,
              account,
              repository_selection: 'all',
            })),
          },
        ],
      },
    },
  })
  const captured: { event: string; payload: Doc }[] = []
  hooks.set(`${url}/_hook`, (event, payload) => captured.push({ event, payload }))

  const call = (
    authorization: string | undefined,
    method: string,
    path: string,
    body?: Buffer | string,
    accept?: string,
  ) =>
    realFetch(`${emulatorUrl}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
        ...(accept === undefined ? {} : { accept }),
      },
      ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: body.length === 0 ? '{}' : body }),
      redirect: 'manual',
    })
  const api: Api = async (authorization, method, path, body) => {
    const response = await call(authorization, method, path, body === undefined ? '' : JSON.stringify(body))
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return (text === '' ? {} : JSON.parse(text)) as Doc
  }
  const ownerAuth = (repo: string) => authOf(repo.startsWith('outsider/') ? 'outsider' : 'lead')
  const pulls = createPulls(api, ownerAuth)
  const gitHttp = createGitHttp(join(dir, 'git'), api, ownerAuth, pulls.all)

  const tokens = new Map<string, string>(logins.map((login) => [tokenOf(login), '*']))
  const verified = new Map<string, Doc>()
  const statuses = new Map<string, Doc[]>()
  const reactions = new Map<string, Doc[]>()
  let nextId = 1

  /** Whether a token may do something in a repository: users may, installations in their own account. */
  const mayEnter = (authorization: string | undefined, repo: string): boolean => {
    const token = tokenIn(authorization)
    const account = token === null ? undefined : tokens.get(token)
    return account === '*' || account === repo.split('/')[0]
  }

  const ownRoute = async (
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
              id: appId,
              slug,
              name: slug,
              html_url: `${url}/apps/${slug}`,
              client_id: 'Iv1.test',
              client_secret: randomBytes(20).toString('hex'),
              webhook_secret: webhookSecret,
              pem: privateKey,
            },
          }
    return null
  }

  const patched = (path: string, doc: unknown): unknown => {
    if (/\/pulls(\/\d+)?$/.test(path))
      return Array.isArray(doc) ? doc.map((one) => pulls.patch(asDoc(one))) : pulls.patch(asDoc(doc))
    if (/\/annotations$/.test(path)) return asDoc(doc).check_annotations ?? doc
    if (/\/check-runs(\/\d+)?$/.test(path)) {
      const known = asDoc(doc).check_runs
      return Array.isArray(known) ? { ...asDoc(doc), check_runs: known.map(withApp) } : withApp(doc)
    }
    const commit = /\/(git\/)?commits\/[^/]+$/.exec(path)
    const verification = verified.get(String(asDoc(doc).sha))
    if (commit !== null && verification !== undefined)
      return commit[1] === undefined
        ? { ...asDoc(doc), commit: { ...asDoc(asDoc(doc).commit), verification } }
        : { ...asDoc(doc), verification }
    return doc
  }
  const withApp = (run: unknown): Doc => ({ ...asDoc(run), app: { id: appId, slug, name: slug } })

  /** A payload as GitHub sends it, from what the emulator sends. */
  const complete = async (event: string, payload: Doc): Promise<Doc> => {
    const repo = String(asDoc(payload.repository).full_name)
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
  const installationOf = (repo: string) => installations[repo.split('/')[0] as 'acme' | 'umbrella']

  /** After something has changed: what follows from it, then the webhooks in their order. */
  const afterwards = async (
    method: string,
    path: string,
    status: number,
    doc: unknown,
    auth: string,
  ): Promise<void> => {
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

  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks)
    const method = request.method ?? 'GET'
    const wish = new URL(request.url ?? '/', url)
    const git = /^\/([\w.-]+\/[\w.-]+)\.git\//.exec(wish.pathname)
    const body = git !== null || raw.length === 0 ? {} : (JSON.parse(raw.toString()) as Doc)
    const one: Asked = { method, path: decodeURIComponent(wish.pathname), body }
    asked.push(one)
    const fault = faultOf?.(one) ?? null
    if (fault === 'hang') return void hung.add(response)
    if (fault === 'reset') return void request.socket.destroy()
    if (fault !== null) {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      return void response.end(JSON.stringify({ message: fault.message ?? 'a fault was asked for' }))
    }
    const auth = request.headers.authorization
    if (git !== null) {
      const basic = auth === undefined ? '' : Buffer.from(auth.replace(/^basic /i, ''), 'base64').toString()
      if (!mayEnter(`token ${basic.split(':')[1] ?? ''}`, String(git[1])))
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end()
      return await gitHttp.handle(request, response, String(git[1]), wish, raw)
    }
    const answer = async () => {
      const given = await ownRoute(method, wish.pathname, wish.searchParams, auth ?? '', body)
      const { status, headers, bytes } =
        given === null
          ? await forward()
          : {
              status: given.status,
              headers: {},
              bytes: Buffer.from(given.doc === null ? '' : JSON.stringify(given.doc)),
            }
      if (method !== 'GET' && method !== 'HEAD' && status < 300)
        await afterwards(method, wish.pathname, status, docIn(bytes), auth ?? '')
      return { status, headers, bytes }
    }
    const forward = async () => {
      const accept = request.headers.accept
      const got = await call(auth, method, wish.pathname + wish.search, raw, accept)
      let bytes: Buffer = Buffer.from(await got.arrayBuffer())
      const kind = got.headers.get('content-type') ?? ''
      const link = got.headers.get('link')?.replaceAll(emulatorUrl, url)
      if (kind.includes('json')) {
        const doc = docIn(bytes)
        const minted = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(wish.pathname)
        if (minted !== null && got.ok) {
          const account = owners.find((owner) => installations[owner as 'acme'] === Number(minted[1]))
          if (account !== undefined) tokens.set(String(asDoc(doc).token), account)
        }
        if (got.ok) bytes = Buffer.from(JSON.stringify(patched(wish.pathname, doc)))
      }
      const isRaw = accept?.includes('raw') === true && kind.includes('octet-stream')
      return {
        status: got.status,
        headers: {
          'content-type': isRaw ? 'application/vnd.github.raw+json; charset=utf-8' : kind,
          ...(link === undefined ? {} : { link }),
        },
        bytes,
      }
    }
    const { status, headers, bytes } = method === 'GET' || method === 'HEAD' ? await answer() : await inTurn(answer)
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
      .end(status === 204 ? undefined : bytes)
  }

  function listener(): Server {
    return createServer((request, response) => {
      handle(request, response).catch((error: Error) => {
        response
          .writeHead(500, { 'content-type': 'application/json' })
          .end(JSON.stringify({ message: `facade: ${error.message}` }))
      })
    })
  }
  async function listen(): Promise<void> {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  async function unlisten(): Promise<void> {
    for (const one of hung) one.destroy()
    hung.clear()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  const as = (login: string) =>
    new Octokit({
      auth: tokenOf(login),
      baseUrl: url,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    })
  const viaFront = async (login: string, method: string, path: string, body?: Doc): Promise<Doc> => {
    const response = await realFetch(`${url}${path}`, {
      method,
      headers: { authorization: authOf(login), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return (text === '' ? {} : JSON.parse(text)) as Doc
  }

  return {
    url,
    app: { id: appId, slug, privateKey, webhookSecret },
    installations,
    asked,
    delivered: relay.delivered,
    deliverTo: relay.target,
    hold: relay.hold,
    release: relay.release,
    take: relay.take,
    deliver: relay.deliver,
    async idle() {
      await turn
      await relay.idle()
    },
    as,
    async commit(repo, branch, files, { by = 'lead', message = 'Change content', onto } = {}) {
      const auth = authOf(by)
      const ref = await api(auth, 'GET', `/repos/${repo}/git/ref/heads/${branch}`).catch(() => null)
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
    verify(sha, reason = 'valid') {
      verified.set(sha, { verified: reason === 'valid', reason, signature: null, payload: null })
    },
    statuses: (sha) => statuses.get(sha) ?? [],
    fail(fault) {
      faultOf = fault
    },
    async down() {
      relay.hold()
      await unlisten()
    },
    async up() {
      server = listener()
      await listen()
      relay.release()
    },
    async close() {
      relay.hold()
      hooks.delete(`${url}/_hook`)
      await unlisten()
      await emulator.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The emulator does not tell which port it took when it was asked to call itself by another address. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

const docIn = (bytes: Buffer): unknown => (bytes.length === 0 ? {} : JSON.parse(bytes.toString()))

function tokenIn(authorization: string | undefined): string | null {
  return /^(?:token|bearer) (\S+)$/i.exec(authorization ?? '')?.[1] ?? null
}
