import { join } from 'node:path'
import type { Bundle } from '../core/content/index.ts'
import { deployedBundle } from '../github/index.ts'
import { webhookStatus } from '../ingest/index.ts'
import { hookStatus, isLoopback, type Serving, secretsFrom, serve } from '../server/index.ts'
import { type OpenStore, openStore } from '../store/index.ts'
import { checkConfig } from './check-config.ts'
import { checkPlaces } from './check-places.ts'
import { Failure } from './failure.ts'
import { type GithubWish, githubFor } from './github-for.ts'
import { loadBundle, root } from './load-bundle.ts'
import { portOf } from './port.ts'
import type { Config } from './read-config.ts'
import { of, repositoryOf, type ServerSettings, settingsOf } from './server-settings.ts'
import { createTenantSite, type TenantSite } from './tenant-site.ts'
import type { TenantWish } from './tenants-for.ts'

/** What of the options of `gitsoc start` is about the server itself. */
export interface StartWish {
  readonly host: string
  readonly commit?: string
  readonly incidents?: string
  readonly syslogUdp?: string
  readonly syslogTcp?: string
}

/** What is said of a server when it listens. */
export interface Told {
  readonly url: string
  /** Digest and commit of the content. */
  readonly bundle: string
  readonly commit: string
  /** Integrations that are not simulated. */
  readonly live: readonly string[]
  readonly webhooks: { readonly ready: readonly string[]; readonly refusing: readonly string[] }
  /** Paths of the playbooks' webhooks. */
  readonly hooks: { readonly ready: readonly string[]; readonly refusing: readonly string[] }
  /** Who may call what is no webhook: whoever has the token, without one programs of this machine or nobody. */
  readonly api: 'token' | 'this machine' | 'nobody'
  /** The other tenants: where their paths begin, and their repository on GitHub. */
  readonly tenants: readonly { readonly name: string; readonly path: string; readonly repository: string | null }[]
}

const workDir = join('var', 'work')
/** So that a few tenants do not take all connections of the embedded database. */
const tenantConnections = 6

/**
 * Puts the server together as configuration and environment say, over a store that is open, and starts it. Throws a
 * {@link Failure} where the configuration says what nobody would read, or where it cannot listen; the store is the caller's to close then.
 */
export async function startServer(
  options: StartWish,
  given: {
    readonly port: number
    readonly config: Config
    readonly settings: ServerSettings
    /** What is served where nothing was deployed. */
    readonly loaded: Bundle
    readonly store: OpenStore
  },
): Promise<{ readonly serving: Serving; readonly told: Told }> {
  const { port, settings, loaded, store } = given
  const { host } = options
  const secrets = secretsFrom(process.env)
  const log = (message: string) => process.stderr.write(`${new Date().toISOString()} ${message}\n`)
  const clock = Date.now
  const syslog = {
    ...(options.syslogUdp === undefined ? {} : { syslogUdpPort: portOf('--syslog-udp', options.syslogUdp) }),
    ...(options.syslogTcp === undefined ? {} : { syslogTcpPort: portOf('--syslog-tcp', options.syslogTcp) }),
  }
  const isPinned = options.commit !== undefined
  const bundle = isPinned ? loaded : ((await deployedBundle(store)) ?? loaded)
  checkConfig(given.config, [loaded, bundle])
  const config = given.config.of
  const own = await createTenantSite(settings, {
    ...{ store, bundle, config, secrets, workDir, clock, log },
    follows: !isPinned,
    repository: root,
    enrichDir: process.env.GITSOC_ENRICH_DIR ?? null,
    incidentsDir: options.incidents ?? null,
  })
  const opened: OpenStore[] = []
  try {
    const others = new Map<string, TenantSite>()
    for (const { wish, github } of settings.tenants) {
      const theirs = await openStore({ databaseUrl: store.url }, wish.name, { connections: tenantConnections })
      opened.push(theirs)
      others.set(wish.name, await siteOf(wish, github, theirs, { clock, log }))
    }
    const sites = [own, ...others.values()] as const
    const services = await githubFor([own.github, ...[...others.values()].map((one) => one.github)], {
      ...{ clock, log },
      mirrorsDir: join('var', 'github'),
    })
    const served = sites.map(({ runtime, site }, index) => ({
      ...site,
      runtime,
      services: [...site.services, ...(services[index] ?? [])],
    }))
    const [first, ...rest] = served
    if (first === undefined) throw new Error('nobody is served')
    const tenants = new Map([...others.keys()].map((name, index) => [name, rest[index] ?? first] as const))
    const serving = await serve(own.runtime, { ...first, host, port, clock, log, tenants, ...syslog }).catch(
      (error: Error) => {
        throw new Failure(`cannot listen on ${host}:${port}: ${error.message}`, {
          hint: 'choose another --port',
          exitCode: 3,
        })
      },
    )
    const webhooks = await webhookStatus(bundle.integrations, { secrets, loopback: isLoopback(host) }, config)
    const names = (isReady: boolean) =>
      webhooks.filter((one) => one.configured === isReady).map((one) => one.integration)
    const hooks = await hookStatus(bundle, { secrets, loopback: isLoopback(host) }, config('hooks'))
    const paths = (isReady: boolean) => hooks.filter((one) => one.configured === isReady).map((one) => one.path)
    return {
      serving,
      told: {
        url: serving.url,
        bundle: bundle.digest,
        commit: bundle.commit,
        live: own.live,
        webhooks: { ready: names(true), refusing: names(false) },
        hooks: { ready: paths(true), refusing: paths(false) },
        api: (secrets('api-token') ?? []).some((one) => one !== '')
          ? 'token'
          : isLoopback(host)
            ? 'this machine'
            : 'nobody',
        tenants: settings.tenants.map(({ wish: { name }, github }) => ({
          ...{ name, path: `/tenants/${name}` },
          repository: repositoryOf(github),
        })),
      },
    }
  } catch (error) {
    for (const one of opened) await one.close()
    throw error
  }
}

/** Another tenant, over its own store, with content and secrets of its own. */
async function siteOf(
  wish: TenantWish,
  github: GithubWish | null,
  store: OpenStore,
  { clock, log }: { readonly clock: () => number; readonly log: (message: string) => void },
): Promise<TenantSite> {
  const { name, config, secrets, content, enrichDir } = wish
  const bundle = (await deployedBundle(store)) ?? (content === null ? null : await loadBundle({ content }))
  if (bundle === null)
    throw new Failure(`tenants.${name} has no content, and nothing was deployed for it`, {
      hint: `name its folder: tenants: { ${name}: { content: DIR } }`,
      exitCode: 2,
    })
  checkConfig(config, [bundle])
  const settings = of(wish, () => settingsOf(config.of, secrets, github, bundle))
  await checkPlaces(settings, `tenants.${name}.`)
  return createTenantSite(settings, {
    ...{ store, secrets, bundle, enrichDir, clock },
    config: config.of,
    follows: true,
    repository: content ?? root,
    workDir: join(workDir, 'tenants', name),
    incidentsDir: null,
    log: (message) => log(`${name}: ${message}`),
  })
}
