import { createPrivateKey } from 'node:crypto'
import { didYouMean, type Json, type JsonObject, own } from '../../core/model/index.ts'

/** How commits must be signed before they are deployed. `github`: what GitHub says it verified; `signers`: SSH keys of a file here. */
export type SignaturePolicy =
  | { readonly kind: 'none' }
  | { readonly kind: 'github' }
  | { readonly kind: 'signers'; readonly file: string }

/** The app and the repository of one tenant. */
export interface GithubSettings {
  readonly appId: number
  /** Of the REST API, without a slash at the end. */
  readonly apiUrl: string
  /** Where Git and pages lie. */
  readonly webUrl: string
  readonly privateKey: string
  /** All that are valid, newest first. */
  readonly webhookSecrets: readonly string[]
  readonly owner: string
  readonly repo: string
  /** Null = asked of GitHub. */
  readonly installation: number | null
  /** What is deployed from; null = the default branch. */
  readonly branch: string | null
  readonly deploys: boolean
  readonly plans: boolean
  readonly signatures: SignaturePolicy
}

/** Settings that cannot be used: one line of what is wrong, one of what to do. */
export class SettingsRefused extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Members of its mapping in the configuration that are the app's own. */
export const githubSettingNames = [
  'appId',
  'apiUrl',
  'webUrl',
  'owner',
  'repo',
  'installation',
  'branch',
  'deploy',
  'plan',
  'signatures',
  'signersFile',
  'issues',
]

/**
 * Reads the mapping `github` of the server's configuration, with the secrets `github-webhook` and `github-app-key`. Null when
 * nothing of the app is configured. Throws {@link SettingsRefused} on half a configuration, an empty secret, or a key that is none.
 */
export function readGithubSettings(
  config: JsonObject,
  secrets: (name: string) => readonly string[] | undefined,
): GithubSettings | null {
  if (!Object.keys(config).some((key) => githubSettingNames.includes(key))) return null
  for (const key of Object.keys(config)) {
    // The same mapping configures the integration of this name: what is its own is not looked at here.
    const meant = githubSettingNames.includes(key) ? undefined : didYouMean(key, githubSettingNames)
    if (meant !== undefined)
      throw refused(`github.${key} is no setting`, `${meant}; settings: ${githubSettingNames.join(', ')}`)
  }
  const appId = own(config, 'appId')
  if (typeof appId !== 'number' || !Number.isInteger(appId) || appId < 1)
    throw refused(
      'github.appId is missing or no number',
      'write the App ID of the page of the app, or run "gitsoc github setup"',
    )
  const webhookSecrets = (secrets('github-webhook') ?? []).filter((one) => one !== '')
  if (webhookSecrets.length === 0)
    throw refused(
      'the secret github-webhook is empty',
      'set GITSOC_SECRET_GITHUB_WEBHOOK to the webhook secret of the app',
    )
  const name = (key: 'owner' | 'repo') => {
    const value = own(config, key)
    if (typeof value === 'string' && /^[\w.-]{1,100}$/.test(value)) return value
    throw refused(`github.${key} is missing`, 'write owner and repo of the repository with the content')
  }
  const apiUrl = urlOf(config, 'apiUrl', 'https://api.github.com')
  return {
    appId,
    apiUrl,
    webUrl: urlOf(
      config,
      'webUrl',
      apiUrl === 'https://api.github.com' ? 'https://github.com' : apiUrl.replace(/\/api\/v3$/, ''),
    ),
    privateKey: keyOf(secrets('github-app-key')),
    webhookSecrets,
    owner: name('owner'),
    repo: name('repo'),
    installation: numberOf(config, 'installation'),
    branch: branchOf(own(config, 'branch')),
    deploys: flagOf(config, 'deploy'),
    plans: flagOf(config, 'plan'),
    signatures: signaturesOf(config),
  }
}

const refused = (message: string, hint: string) => new SettingsRefused(message, hint)

function urlOf(config: JsonObject, key: string, otherwise: string): string {
  const value = own(config, key) ?? otherwise
  const isLocal = typeof value === 'string' && /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${value}/`)
  if (typeof value === 'string' && URL.canParse(value) && (value.startsWith('https://') || isLocal))
    return value.replace(/\/+$/, '')
  throw refused(
    `github.${key} is no https address`,
    'leave it out for github.com; GitHub Enterprise Server: https://HOST/api/v3',
  )
}

function keyOf(lines: readonly string[] | undefined): string {
  const pem = (lines ?? []).join('\n').replaceAll('\\n', '\n')
  const hint =
    'give the private key that GitHub generated for the app as GITSOC_SECRET_GITHUB_APP_KEY, or as the file github-app-key in GITSOC_SECRETS_DIR'
  if (pem === '') throw refused('the secret github-app-key is empty', hint)
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'rsa') return key.export({ format: 'pem', type: 'pkcs8' }).toString()
  } catch {
    // What is wrong with a key must not be told with parts of it.
  }
  throw refused('the secret github-app-key is no RSA private key in PEM', hint)
}

function numberOf(config: JsonObject, key: string): number | null {
  const value = own(config, key) ?? null
  if (value === null || (typeof value === 'number' && Number.isInteger(value) && value > 0)) return value
  throw refused(`github.${key} is no number`, 'leave it out: GitHub is asked')
}

function branchOf(value: Json | undefined): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && isBranch(value)) return value
  throw refused('github.branch is no name of a branch', 'leave it out for the default branch')
}

/** Names that are harmless as part of a ref and of a path; Git allows more. */
export const isBranch = (name: string) =>
  /^[A-Za-z0-9][\w./-]{0,199}$/.test(name) && !/\.\.|\/\/|\.lock$|\/$|\.$/.test(name)

function flagOf(config: JsonObject, key: string): boolean {
  const value = own(config, key) ?? true
  if (typeof value === 'boolean') return value
  throw refused(`github.${key} is true or false`, 'leave it out for true')
}

function signaturesOf(config: JsonObject): SignaturePolicy {
  const kind = own(config, 'signatures') ?? 'none'
  if (kind === 'none' || kind === 'github') return { kind }
  const file = own(config, 'signersFile')
  if (kind === 'signers' && typeof file === 'string' && file !== '') return { kind, file }
  throw refused(
    'github.signatures is none, github or signers; signers needs github.signersFile',
    'the file has lines "ADDRESS namespaces=\\"git\\" KEY" as ssh-keygen(1) describes allowed signers',
  )
}
