import { join } from 'node:path'
import type { Bundle } from '../core/content/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import { createFollower, createTeamLookup, deployedBundle } from '../github/index.ts'
import { webhookStatus } from '../ingest/index.ts'
import { playbookAuthors } from '../repo/index.ts'
import { createRuntime, isLoopback, type Serving, secretsFrom, serve } from '../server/index.ts'
import type { OpenStore } from '../store/index.ts'
import { type AnchorSettings, anchorServices, anchorSettings } from './anchorer-for.ts'
import { type ChannelSettings, channelServices, channelSettings } from './channels-for.ts'
import { checkConfig } from './check-config.ts'
import { type ClosingSettings, closingServices, closingSettings } from './closer-for.ts'
import { Failure } from './failure.ts'
import { githubFor, githubSettings } from './github-for.ts'
import { root } from './load-bundle.ts'
import { portOf } from './port.ts'
import type { Config } from './read-config.ts'

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
}

const workDir = join('var', 'work')

/** What runs beside the server, as the configuration asks for it. */
export interface ServerSettings {
  readonly channels: ChannelSettings
  readonly audit: AnchorSettings | null
  readonly closing: ClosingSettings
}

/** Reads all of the configuration that is about the server, before anything is opened. Throws a {@link Failure}. */
export function serverSettings(config: (name: string) => JsonObject, loaded: Bundle): ServerSettings {
  const secrets = secretsFrom(process.env)
  const github = githubSettings(config('github'), secrets)
  return {
    channels: channelSettings(config, secrets, loaded),
    audit: anchorSettings(config('audit')),
    closing: closingSettings(config('closing'), github !== null),
  }
}

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
  const secrets = secretsFrom(process.env)
  const enrichDir = process.env.GITSOC_ENRICH_DIR
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
  const live = bundle.integrations.filter((one) => config(one.id).mode === 'live').map((one) => one.id)
  const runtime = await createRuntime({
    store,
    bundle,
    authors: await playbookAuthors(root, bundle.commit, [...bundle.playbooks.keys()]),
    clock,
    workDir,
    live: { config, secrets },
    onBatch: ({ notices }) => notices.forEach(log),
    onError: (error) => log(`survived: ${(error as Error).message}`),
    ...(enrichDir === undefined ? {} : { enrichDir }),
    ...(options.incidents === undefined ? {} : { incidentsDir: options.incidents }),
  })
  const shared = { store, clock, log, bundle: () => runtime.bundle() }
  const anchorer = anchorServices(settings.audit, shared)
  const teams = createTeamLookup({ clock })
  const told = channelServices(settings.channels, { ...shared, secrets, workDir, teamsOf: teams.teamsOf })
  const closing = closingServices(settings.closing, shared)
  const github = await githubFor(config('github'), {
    ...shared,
    secrets,
    features: [...closing.features, teams.feature],
    mirrorsDir: join('var', 'github'),
    enrichDir: enrichDir ?? null,
  })
  const follower = createFollower({ store, current: runtime.bundle, swap: runtime.swap, log })
  for (const problem of runtime.enricher.problems)
    log(`enrichment: ${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}: ${problem.message}`)
  const services = [...(isPinned ? [] : [follower]), ...anchorer, ...closing.services, ...told, ...github]
  const { host } = options
  const serving = await serve(runtime, { host, port, secrets, config, clock, log, services, ...syslog }).catch(
    (error: Error) => {
      throw new Failure(`cannot listen on ${host}:${port}: ${error.message}`, {
        hint: 'choose another --port',
        exitCode: 3,
      })
    },
  )
  const webhooks = await webhookStatus(bundle.integrations, { secrets, loopback: isLoopback(host) }, config)
  const names = (isReady: boolean) => webhooks.filter((one) => one.configured === isReady).map((one) => one.integration)
  return {
    serving,
    told: {
      url: serving.url,
      bundle: bundle.digest,
      commit: bundle.commit,
      live,
      webhooks: { ready: names(true), refusing: names(false) },
    },
  }
}
