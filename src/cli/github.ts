import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { cell, plain, utc } from '../cases/index.ts'
import {
  appManifest,
  convertCode,
  type KeptDelivery,
  keepSecrets,
  listDeliveries,
  openSetupPage,
  retryDeliveries,
  setupForm,
} from '../github/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface SetupOptions {
  readonly url?: string
  readonly org?: string
  readonly name: string
  readonly public?: boolean
  readonly webUrl: string
  readonly apiUrl: string
  readonly secretsDir?: string
  readonly form?: string
  readonly code?: string
  readonly json?: boolean
}

const waitMs = 15 * 60_000
const longestName = 34

/** `gitsoc github`: makes the GitHub App, and shows the webhooks that were taken. */
export function register(program: Command): void {
  const command = program.command('github').description('make the GitHub App of this server, and look at its webhooks')
  command
    .command('setup')
    .description('make a GitHub App by one click in a browser, and keep its secrets as files')
    .option('--url <address>', 'where GitHub reaches this server, e.g. https://soc.example.com')
    .option('--org <name>', 'the organisation that the app belongs to (default: the account of whoever clicks)')
    .option('--name <name>', 'how the app is called; unique on GitHub', 'gitsoc')
    .option('--public', 'other organisations can install it too: needed when they are tenants of this server')
    .option('--web-url <address>', 'of a GitHub Enterprise Server', 'https://github.com')
    .option('--api-url <address>', 'of a GitHub Enterprise Server: https://HOST/api/v3', 'https://api.github.com')
    .option('--secrets-dir <dir>', 'where secrets are kept (default: GITSOC_SECRETS_DIR or var/secrets)')
    .option(
      '--form <file>',
      'only write the page, for a browser on another machine; GitHub shows the code in its address',
    )
    .option('--code <code>', 'the code that GitHub led back with')
    .option('--json', 'one JSON document at the end')
    .addHelpText(
      'after',
      '\nOpens a page on this machine, waits until GitHub leads back to it, and writes the secrets github-webhook and' +
        '\ngithub-app-key, readable for this user only. What the app may do: src/github/README.md.' +
        '\nExit codes: 0 done, 1 GitHub refused, 2 wrong usage.',
    )
    .action(setup)
  const deliveries = command.command('deliveries').description('webhooks that were taken')
  withStoreOptions(deliveries.command('list').description('the newest first'))
    .addOption(new Option('--state <state>', 'only these').choices(['waiting', 'done', 'dead']))
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { state?: KeptDelivery['status']; json?: boolean }) => {
      const found = await withStore(options, (store) =>
        store.transaction((tx) => listDeliveries(tx, options.state ?? null, 100)),
      )
      process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : textOf(found))
    })
  withStoreOptions(deliveries.command('retry [id]').description('have dead ones tried again: one, or all'))
    .option('--json', 'one JSON document')
    .action(async (id: string | undefined, options: StoreOptions & { json?: boolean }) => {
      const retried = await withStore(options, (store) => retryDeliveries(store, id ?? null, Date.now()))
      if (id !== undefined && retried === 0)
        throw new Failure('there is no such dead delivery', { hint: 'gitsoc github deliveries list --state dead' })
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ retried })}\n`
          : retried === 0
            ? 'no delivery is dead: there is nothing to try again\n'
            : `${retried} are tried again\n`,
      )
    })
}

async function setup(options: SetupOptions): Promise<void> {
  const code = options.code ?? (await codeByBrowser(options))
  if (code === null) return
  const dir = options.secretsDir ?? process.env.GITSOC_SECRETS_DIR ?? join('var', 'secrets')
  const made = await convertCode(trimmed(options.apiUrl), code).catch(refused)
  const files = await keepSecrets(dir, made).catch(refused)
  if (options.json)
    return void process.stdout.write(`${JSON.stringify({ appId: made.id, slug: made.slug, page: made.page, files })}\n`)
  process.stdout.write(
    `the app ${made.slug} is made: ${made.page}\nits secrets are in ${files.join(' and ')}\n\n` +
      `1. install it: ${made.page}/installations/new\n` +
      `2. write into the file of "gitsoc start --config":\n   github: { appId: ${made.id}, owner: OWNER, repo: REPOSITORY }\n` +
      `3. GITSOC_SECRETS_DIR=${dir} gitsoc start --config FILE --host 0.0.0.0\n`,
  )
}

/** The code that GitHub leads back with; null when only the page was wanted. */
async function codeByBrowser(options: SetupOptions): Promise<string | null> {
  const { url, name, form } = options
  if (url === undefined || !/^https:\/\/[\w.-]+(:\d+)?(\/[\w./-]*)?$/.test(url))
    throw new Failure('--url is the https address at which GitHub reaches this server', {
      hint: 'e.g. --url https://soc.example.com',
      exitCode: 2,
    })
  if (options.org !== undefined && !/^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$/.test(options.org))
    throw new Failure('--org is the name of an organisation as in its address on GitHub', {
      hint: 'e.g. --org acme for https://github.com/acme',
      exitCode: 2,
    })
  if (name.trim() === '' || name.length > longestName)
    throw new Failure(`--name is 1 to ${longestName} characters: GitHub takes no more`, {
      hint: 'e.g. --name acme-gitsoc',
      exitCode: 2,
    })
  const state = randomBytes(16).toString('hex')
  const pageOf = (redirectUrl: string) =>
    setupForm({
      manifest: appManifest({ serverUrl: url, name, redirectUrl, isPublic: options.public === true }),
      webUrl: trimmed(options.webUrl),
      organization: options.org ?? null,
      state,
    })
  if (form !== undefined) {
    await writeFile(form, pageOf(trimmed(url))).catch((error: Error) => {
      throw new Failure(`${form} cannot be written: ${error.message}`, {
        hint: 'name a file in a folder that is there',
        exitCode: 2,
      })
    })
    const again = [
      ...(options.apiUrl === 'https://api.github.com' ? [] : [`--api-url ${options.apiUrl}`]),
      ...(options.secretsDir === undefined ? [] : [`--secrets-dir ${options.secretsDir}`]),
    ]
    process.stderr.write(
      `open ${form} in a browser and make the app; GitHub leads back to ${url}?code=CODE&state=${state}\nthen: ${['gitsoc github setup --code CODE', ...again].join(' ')}\n`,
    )
    return null
  }
  const page = await openSetupPage(pageOf, state, waitMs)
  process.stderr.write(`open ${page.url} in a browser and make the app; this waits for 15 minutes\n`)
  return page.code.finally(page.close).catch(refused)
}

const trimmed = (url: string) => url.replace(/\/+$/, '')

function refused(error: Error): never {
  throw new Failure(error.message, { hint: 'begin again: gitsoc github setup --url ADDRESS' })
}

function textOf(found: readonly KeptDelivery[]): string {
  if (found.length === 0)
    return 'no webhook is here; GitHub shows what it sent and what we answered on the page of the app, under Advanced\n'
  return found
    .map((one) => {
      const kind = one.action === null ? one.event : `${one.event}.${one.action}`
      const error = one.error === null ? '' : `  ${plain(one.error, 200)}`
      return `${utc(one.receivedAt)}  ${cell(one.status, 8)} ${cell(kind, 28)} ${cell(plain(one.subject, 60), 24)} ${one.id}${error}\n`
    })
    .join('')
}
