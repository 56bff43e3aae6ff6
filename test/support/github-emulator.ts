import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from 'emulate'
import type { Api } from './github-objects.ts'
import type { Doc } from './github-relay.ts'

/** The app that is installed in both organisations. */
export const testApp = { id: 4711, slug: 'gitsoc' } as const
export const installations = { acme: 100, umbrella: 200 } as const
export const owners = Object.keys(installations) as readonly (keyof typeof installations)[]
export const logins = ['lead', 'analyst', 'outsider'] as const
export type Login = (typeof logins)[number]
export const tokenOf = (login: string) => `gho_${login}`
export const authOf = (login: string) => `token ${tokenOf(login)}`
/** Who may do everything in a repository. */
export const ownerAuth = (repo: string) => authOf(repo.startsWith('outsider/') ? 'outsider' : 'lead')

/** The token of an `Authorization` header. */
export function tokenIn(authorization: string | undefined): string | null {
  return /^(?:token|bearer) (\S+)$/i.exec(authorization ?? '')?.[1] ?? null
}

/** Hooks that the emulator sends: it runs in this process, so that they are taken in the order in which they arise. */
const hooks = new Map<string, (event: string, payload: Doc) => void>()
const realFetch = globalThis.fetch
const hookedFetch: typeof fetch = (input, init) => {
  const take = typeof input === 'string' ? hooks.get(input) : undefined
  if (take === undefined) return realFetch(input, init)
  take(new Headers(init?.headers).get('x-github-event') ?? '', JSON.parse(String(init?.body)) as Doc)
  return Promise.resolve(new Response(null, { status: 204 }))
}

/** Past the front: no fault, no hook. */
export const fetchDirectly = realFetch

/** A request to the emulator itself. */
export type Call = (
  authorization: string | undefined,
  method: string,
  path: string,
  body?: Buffer | string,
  accept?: string,
) => Promise<Response>

/** The emulator, which calls itself by the address of the front. What it sends as webhooks is given to `hook`, in order. */
export async function startEmulator(url: string, privateKey: string, hook: (event: string, payload: Doc) => void) {
  globalThis.fetch = hookedFetch
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
            app_id: testApp.id,
            slug: testApp.slug,
            name: testApp.slug,
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
  hooks.set(`${url}/_hook`, hook)

  const call: Call = (authorization, method, path, body, accept) =>
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
  return {
    url: emulatorUrl,
    call,
    api,
    async close() {
      hooks.delete(`${url}/_hook`)
      await emulator.close()
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
