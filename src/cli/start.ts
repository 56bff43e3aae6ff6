import { join } from 'node:path'
import type { Command } from 'commander'
import { createFollower, deployedBundle } from '../github/index.ts'
import { webhookStatus } from '../ingest/index.ts'
import { playbookAuthors } from '../repo/index.ts'
import { createRuntime, isLoopback, secretsFrom, serve } from '../server/index.ts'
import { anchorerFor } from './anchorer-for.ts'
import { channelServices, channelSettings } from './channels-for.ts'
import { closerFor } from './closer-for.ts'
import { Failure } from './failure.ts'
import { githubFor } from './github-for.ts'
import { loadBundle, root } from './load-bundle.ts'
import { openStoreFor, withStoreOptions } from './open-store.ts'
import { readConfig } from './read-config.ts'

interface Options {
  readonly host: string
  readonly port: string
  readonly store?: string
  readonly tenant?: string
  readonly commit?: string
  readonly config?: string
  readonly incidents?: string
  readonly syslogUdp?: string
  readonly syslogTcp?: string
  readonly json?: boolean
}

/** `gitsoc start`: the server, until Ctrl-C. */
export function register(program: Command): void {
  withStoreOptions(
    program
      .command('start')
      .description('serve webhooks, health and metrics, and work off what comes in, until Ctrl-C'),
  )
    .option('--host <address>', 'address to listen on', process.env.GITSOC_HOST ?? '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any free one', process.env.GITSOC_PORT ?? '8080')
    .option(
      '--commit <revision>',
      'serve this commit, whatever is deployed (default: what is deployed, else the working tree)',
    )
    .option('--config <file>', 'YAML with a mapping per integration, e.g. aws-guardduty: { topicArns: [...] }')
    .option('--incidents <dir>', 'keep the containment files of this folder equal to what holds, e.g. incidents')
    .option('--syslog-udp <port>', 'take syslog, CEF and LEEF by UDP on this port')
    .option('--syslog-tcp <port>', 'the same by TCP')
    .option('--json', 'one line of JSON when it listens, and one when it has stopped')
    .addHelpText(
      'after',
      '\nSecrets come from GITSOC_SECRET_<NAME> or files in GITSOC_SECRETS_DIR; lists and inventory from GITSOC_ENRICH_DIR.\nPaths: POST /in/<integration>, POST /ingest, POST /analyze, GET /stats, /approvals, /healthz, /health, /readyz, /metrics, with GitHub POST /github/webhooks, with Slack POST /slack/events, with PagerDuty POST /pagerduty/webhook',
    )
    .action(start)
}

async function start(options: Options): Promise<void> {
  const port = portOf('--port', options.port)
  const isPinned = options.commit !== undefined
  const loaded = await loadBundle(options.commit === undefined ? {} : { commit: options.commit })
  const config = await readConfig(options.config)
  const secrets = secretsFrom(process.env)
  const channels = channelSettings(config, secrets, loaded)
  const store = await openStoreFor(options)
  const bundle = isPinned ? loaded : ((await deployedBundle(store)) ?? loaded)
  const log = (message: string) => process.stderr.write(`${new Date().toISOString()} ${message}\n`)
  const clock = Date.now
  const enrichDir = process.env.GITSOC_ENRICH_DIR
  const liveOnes = bundle.integrations.filter((one) => config(one.id).mode === 'live').map((one) => one.id)
  const authors = await playbookAuthors(root, bundle.commit, [...bundle.playbooks.keys()])
  const anchorer = anchorerFor(config('audit'), { store, clock, log })
  const runtime = await createRuntime({
    store,
    bundle,
    authors,
    clock,
    workDir: join('var', 'work'),
    live: { config, secrets: secretsFrom(process.env) },
    onBatch: ({ notices }) => notices.forEach(log),
    onError: (error) => log(`survived: ${(error as Error).message}`),
    ...(enrichDir === undefined ? {} : { enrichDir }),
    ...(options.incidents === undefined ? {} : { incidentsDir: options.incidents }),
  })
  const told = channelServices(channels, {
    store,
    secrets,
    clock,
    log,
    bundle: () => runtime.bundle(),
    workDir: join('var', 'work'),
  })
  const closing = closerFor(config('closing'), {
    ...{ store, clock, log, bundle: () => runtime.bundle() },
    hasGithub: Object.keys(config('github')).length > 0,
  })
  const github = await githubFor(config('github'), {
    features: closing.features,
    store,
    secrets,
    bundle: () => runtime.bundle(),
    clock,
    log,
    mirrorsDir: join('var', 'github'),
    enrichDir: enrichDir ?? null,
  }).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const follower = createFollower({ store, current: runtime.bundle, swap: runtime.swap, log })
  for (const problem of runtime.enricher.problems)
    log(`enrichment: ${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}: ${problem.message}`)
  const serving = await serve(runtime, {
    host: options.host,
    port,
    secrets: secretsFrom(process.env),
    config,
    clock,
    log,
    services: [...(isPinned ? [] : [follower]), ...anchorer, ...closing.services, ...told, ...github],
    ...(options.syslogUdp === undefined ? {} : { syslogUdpPort: portOf('--syslog-udp', options.syslogUdp) }),
    ...(options.syslogTcp === undefined ? {} : { syslogTcpPort: portOf('--syslog-tcp', options.syslogTcp) }),
  }).catch(async (error: Error) => {
    await store.close()
    throw new Failure(`cannot listen on ${options.host}:${port}: ${error.message}`, {
      hint: 'choose another --port',
      exitCode: 3,
    })
  })
  const asked = new Promise<void>((resolve) => {
    let heard = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (heard) return
        heard = true
        if (!options.json) process.stdout.write('stopping\n')
        resolve()
      })
    }
  })
  const { url } = serving
  const { digest, commit } = bundle
  const webhooks = await webhookStatus(
    bundle.integrations,
    { secrets: secretsFrom(process.env), loopback: isLoopback(options.host) },
    config,
  )
  const ready = webhooks.filter((one) => one.configured).map((one) => one.integration)
  const refusing = webhooks.filter((one) => !one.configured).map((one) => one.integration)
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ url, bundle: digest, commit, live: liveOnes, webhooks: { ready, refusing } })}\n`
      : `gitsoc listens on ${url}, bundle ${digest.slice(0, 16)} of ${commit}, ${liveOnes.length === 0 ? 'simulate mode' : `LIVE: ${liveOnes.join(', ')}; the others are simulated`}\n${webhookText(ready, refusing)}`,
  )
  await asked
  await serving.stop()
  process.stdout.write(options.json ? '{"stopped":true}\n' : 'stopped, nothing lost\n')
}

function webhookText(ready: readonly string[], refusing: readonly string[]): string {
  const lines = [
    `webhooks that take deliveries: ${ready.join(', ') || 'none yet'}`,
    ...(refusing.length === 0
      ? []
      : [
          `webhooks that refuse until their secret or configuration is there (GET /health says which): ${refusing.join(', ')}`,
        ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port
  throw new Failure(`${option} is a number from 0 to 65535, not "${text}"`, { exitCode: 2 })
}
