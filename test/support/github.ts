import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { onTestFinished } from 'vitest'
import { createChanges } from './github-changes.ts'
import { createCompletion } from './github-completion.ts'
import { type Captured, createConsequences } from './github-consequences.ts'
import { installations, ownerAuth, owners, startEmulator, testApp, tokenOf } from './github-emulator.ts'
import { createGitHttp } from './github-git.ts'
import { asDoc, createPulls } from './github-pulls.ts'
import { createRelay, type Doc, type Relay } from './github-relay.ts'
import { createRoutes } from './github-routes.ts'

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

/** The emulator behind a front of ours, which adds what it lacks; closed when the test ends. */
export async function testGithub(): Promise<TestGithub> {
  const github = await startGithub()
  onTestFinished(() => github.close())
  return github
}

/** The same outside of a test: whoever starts it closes it. */
export async function startGithub(): Promise<TestGithub> {
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
  const captured: Captured[] = []
  const emulator = await startEmulator(url, privateKey, (event, payload) => captured.push({ event, payload }))
  const { api, call } = emulator

  const pulls = createPulls(api, ownerAuth)
  const gitHttp = createGitHttp(join(dir, 'git'), api, ownerAuth, pulls.all)

  const routes = createRoutes({ api, pulls, url, privateKey, webhookSecret })
  const completion = createCompletion(api, pulls)

  const afterwards = createConsequences({ api, pulls, relay, captured, complete: completion.complete })

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
      if (!routes.mayEnter(`token ${basic.split(':')[1] ?? ''}`, String(git[1])))
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end()
      return await gitHttp.handle(request, response, String(git[1]), wish, raw)
    }
    const answer = async () => {
      const given = await routes.answer(method, wish.pathname, wish.searchParams, auth ?? '', body)
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
      const link = got.headers.get('link')?.replaceAll(emulator.url, url)
      if (kind.includes('json')) {
        const doc = docIn(bytes)
        const minted = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(wish.pathname)
        if (minted !== null && got.ok) {
          const account = owners.find((owner) => installations[owner] === Number(minted[1]))
          if (account !== undefined) routes.minted(String(asDoc(doc).token), account)
        }
        if (got.ok) bytes = Buffer.from(JSON.stringify(completion.patched(wish.pathname, doc)))
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
  return {
    url,
    app: { ...testApp, privateKey, webhookSecret },
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
    ...createChanges(api, url),
    verify: (sha, reason = 'valid') => completion.verify(sha, reason),
    statuses: routes.statuses,
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
      await unlisten()
      await emulator.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const docIn = (bytes: Buffer): unknown => (bytes.length === 0 ? {} : JSON.parse(bytes.toString()))
