import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProbotOctokit } from 'probot'
import { onTestFinished } from 'vitest'
import { createGithubApp, type FeatureOf, type GithubApp } from '../../../src/github/index.ts'
import type { OpenStore } from '../../../src/store/index.ts'
import { type TestGithub, testGithub } from '../../support/github.ts'
import { testDatabase, testStore } from '../../support/store.ts'

/** Probot's client without its pauses: three seconds between comments, and retries. */
export class QuickOctokit extends ProbotOctokit {
  constructor(options: object = {}) {
    super({ ...options, throttle: { enabled: false }, retry: { enabled: false } })
  }
}

export interface GithubWorld {
  readonly github: TestGithub
  readonly app: GithubApp
  readonly stores: Readonly<Record<'acme' | 'umbrella', OpenStore>>
  /** Where the app takes webhooks. */
  readonly url: string
  /** How often what happened. */
  readonly counts: Map<string, number>
  readonly logged: string[]
  /** The time that the app sees. */
  now: number
  /** Delivers what GitHub has to tell, and works it off. */
  settle(): Promise<void>
}

/** GitHub, an app for two tenants in our own HTTP server, and their stores. */
export async function githubWorld(
  features: Partial<Record<'acme' | 'umbrella', readonly FeatureOf[]>>,
  options: { maxBytes?: number; apiUrl?: string } = {},
): Promise<GithubWorld> {
  const github = await testGithub()
  const url = await testDatabase()
  const stores = {
    acme: await testStore({ url, tenant: 'acme' }),
    umbrella: await testStore({ url, tenant: 'umbrella' }),
  }
  const counts = new Map<string, number>()
  const logged: string[] = []
  const world = { now: Date.UTC(2026, 4, 12, 8) }
  const app = await createGithubApp({
    settings: {
      appId: github.app.id,
      privateKey: github.app.privateKey,
      apiUrl: options.apiUrl ?? github.url,
      webUrl: github.url,
      webhookSecrets: ['an older secret', github.app.webhookSecret],
    },
    tenants: (['acme', 'umbrella'] as const).map((owner) => ({
      store: stores[owner],
      owner,
      repo: 'soc',
      installation: null,
      features: features[owner] ?? [],
    })),
    clock: () => world.now,
    log: (message) => logged.push(message),
    count: (result) => counts.set(result, (counts.get(result) ?? 0) + 1),
    Octokit: QuickOctokit,
    ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
  })
  const server = createServer(async (request, response) => {
    if (!(await app.handle(request, response))) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await app.stop()
    server.closeAllConnections()
    server.close()
  })
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/github/webhooks`
  github.deliverTo(at)
  return Object.assign(world, {
    github,
    app,
    stores,
    url: at,
    counts,
    logged,
    async settle() {
      await github.idle()
      await app.drain()
    },
  })
}
