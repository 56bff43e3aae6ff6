import type { Command } from 'commander'
import { isLoopback } from '../server/index.ts'
import { checkConfig } from './check-config.ts'
import { checkPlaces } from './check-places.ts'
import { enrichFolder } from './enrich-folder.ts'
import { loadBundle } from './load-bundle.ts'
import { isStoreThere, openStoreFor, withStoreOptions } from './open-store.ts'
import { portOf } from './port.ts'
import { readConfig } from './read-config.ts'
import { serverSettings } from './server-settings.ts'
import { type StartWish, startServer, type Told } from './start-server.ts'

interface Options extends StartWish {
  readonly port: string
  readonly store?: string
  readonly tenant?: string
  readonly config?: string
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
      '\nSecrets come from GITSOC_SECRET_<NAME> or files in GITSOC_SECRETS_DIR; lists and inventory from GITSOC_ENRICH_DIR.\nWith the secret api-token only who sends it as bearer may call what is no webhook; without it only programs of this machine may, and nobody when --host is another address than loopback.\nPaths: POST /in/<integration>, POST /hooks/<webhook of a playbook>, POST /ingest, POST /analyze, GET /stats, /approvals, /healthz, /health, /readyz, /metrics, with GitHub POST /github/webhooks, with Slack POST /slack/events, with PagerDuty POST /pagerduty/webhook' +
        '\nOther tenants of the same server, each with content, secrets and a repository of its own: tenants: { umbrella: { content: DIR, github: { owner, repo } } }.\nTheir paths begin with /tenants/<name>, their secrets are GITSOC_SECRET_<TENANT>__<NAME> or files <tenant>--<name>; GitHub posts to the one /github/webhooks.',
    )
    .action(start)
}

async function start(options: Options): Promise<void> {
  const port = portOf('--port', options.port)
  const config = await readConfig(options.config)
  const loaded = await loadBundle(options.commit === undefined ? {} : { commit: options.commit })
  const settings = serverSettings(config, loaded)
  await checkPlaces(settings)
  await enrichFolder(process.env.GITSOC_ENRICH_DIR, 'GITSOC_ENRICH_DIR')
  // What is in service may know other names than what lies here; where nothing is, nothing is made for a wrong one.
  if (!(await isStoreThere(options))) checkConfig(config, [loaded])
  const store = await openStoreFor(options)
  const started = await startServer(options, { port, config, settings, loaded, store }).catch(
    async (error: unknown) => {
      await store.close()
      throw error
    },
  )
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
  process.stdout.write(options.json ? `${JSON.stringify(started.told)}\n` : bannerText(started.told, options.host))
  await asked
  await started.serving.stop()
  process.stdout.write(options.json ? '{"stopped":true}\n' : 'stopped, nothing lost\n')
}

const withoutToken = {
  'this machine': 'programs of this machine; behind a proxy set the secret api-token',
  nobody: 'nobody, but that it is alive, until the secret api-token is there',
} as const

function bannerText(told: Told, host: string): string {
  const { url, bundle, commit, live, tenants, hooks, api } = told
  const { ready, refusing } = told.webhooks
  const health = isLoopback(host) ? 'GET /health' : 'GET /health with the api-token'
  const mode = live.length === 0 ? 'simulate mode' : `LIVE: ${live.join(', ')}; the others are simulated`
  const lines = [
    `gitsoc listens on ${url}, bundle ${bundle.slice(0, 16)} of ${commit}, ${mode}`,
    ...(api === 'token' ? [] : [`/ingest, /analyze, /stats, /health and /metrics answer ${withoutToken[api]}`]),
    `webhooks that take deliveries: ${ready.join(', ') || 'none yet'}`,
    ...(refusing.length === 0
      ? []
      : [
          `webhooks that refuse until their secret or configuration is there (${health} says which): ${refusing.join(', ')}`,
        ]),
    ...(hooks.ready.length === 0 ? [] : [`webhooks that start playbooks: ${hooks.ready.join(', ')}`]),
    ...(hooks.refusing.length === 0
      ? []
      : [`webhooks of playbooks that refuse until theirs is there: ${hooks.refusing.join(', ')}`]),
    ...tenants.map(
      ({ name, path, repository }) =>
        `tenant ${name}${repository === null ? '' : `, repository ${repository}`}: ${url}${path}/in/...`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
