import type { Bundle } from '../core/content/index.ts'
import { type JsonObject, own } from '../core/model/index.ts'
import {
  createGithubApp,
  type FeatureOf,
  type GithubSettings,
  issuesFeature,
  readGithubSettings,
  SettingsRefused,
} from '../github/index.ts'
import { channelHealth, disableChannel } from '../projection/index.ts'
import type { Service } from '../server/index.ts'
import type { OpenStore } from '../store/index.ts'
import { Failure } from './failure.ts'

/**
 * What `github:` in the configuration asks for: the app for the store's tenant, with incidents as issues unless `issues: false`.
 * Where it is left out nothing is opened, and nothing is kept for GitHub.
 */
export async function githubFor(
  config: JsonObject,
  parts: {
    readonly store: OpenStore
    readonly secrets: (name: string) => readonly string[] | undefined
    readonly bundle: () => Bundle
    readonly clock: () => number
    readonly log: (message: string) => void
    /** What else is done for the repository. */
    readonly features?: readonly FeatureOf[]
  },
): Promise<readonly Service[]> {
  const { store, bundle, clock, log } = parts
  const settings = settingsOf(config, parts.secrets)
  const issues = own(config, 'issues') ?? true
  if (typeof issues !== 'boolean')
    throw new Failure('github.issues is true or false', { hint: 'leave it out for true', exitCode: 2 })
  const off: Service = { start: () => disableChannel(store, 'github'), stop: async () => {} }
  if (settings === null) return [off]
  let count: (result: string) => void = () => {}
  const app = await createGithubApp({
    settings,
    tenants: [
      {
        store,
        owner: settings.owner,
        repo: settings.repo,
        installation: settings.installation,
        features: [
          ...(issues ? ([(seat) => issuesFeature(seat, { bundle })] satisfies FeatureOf[]) : []),
          ...(parts.features ?? []),
        ],
      },
    ],
    clock,
    log,
    count: (result) => count(result),
  })
  const service: Service = {
    ...app,
    counted(counter) {
      count = (result) => counter('github', result)
    },
    health: async () => ({ github: await store.transaction((tx) => channelHealth(tx, 'github')) }),
  }
  return issues ? [service] : [off, service]
}

function settingsOf(
  config: JsonObject,
  secrets: (name: string) => readonly string[] | undefined,
): GithubSettings | null {
  try {
    return readGithubSettings(config, secrets)
  } catch (error) {
    if (error instanceof SettingsRefused) throw new Failure(error.message, { hint: error.hint, exitCode: 2 })
    throw error
  }
}
