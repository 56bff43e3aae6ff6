import type { Bundle } from '../core/content/index.ts'
import { isObject, type Json, type JsonObject, own } from '../core/model/index.ts'
import {
  createGithubApp,
  deployFeature,
  type FeatureOf,
  type GithubSettings,
  githubBudget,
  issuesFeature,
  planFeature,
  readGithubSettings,
  SettingsRefused,
} from '../github/index.ts'
import { type Budget, channelHealth, disableChannel } from '../projection/index.ts'
import type { Service } from '../server/index.ts'
import type { OpenStore } from '../store/index.ts'
import { Failure } from './failure.ts'

/**
 * What `github:` in the configuration asks for: the app for the store's tenant, with incidents as issues unless
 * `issues: false`, written as fast as `issues: { writesPerMinute }` says (20), deploys from the default branch unless
 * `deploy: false`, and plans of pull requests unless `plan: false`.
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
    /** Where mirrors of repositories lie. */
    readonly mirrorsDir: string
    readonly enrichDir: string | null
    /** What else is done for the repository. */
    readonly features?: readonly FeatureOf[]
  },
): Promise<readonly Service[]> {
  const { store, bundle, clock, log, mirrorsDir, enrichDir } = parts
  const settings = githubSettings(config, parts.secrets)
  const issues = issuesOf(own(config, 'issues'))
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
          ...(issues !== null
            ? ([(seat) => issuesFeature(seat, { bundle, budget: issues.budget })] satisfies FeatureOf[])
            : []),
          ...(settings.deploys ? [deployFeature({ settings, mirrorsDir })] : []),
          ...(settings.plans ? [planFeature({ settings, mirrorsDir, enrichDir })] : []),
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
  return issues !== null ? [service] : [off, service]
}

/** GitHub takes at most 80 requests a minute that create something. */
const mostWritesPerMinute = 80

/** How issues are written; null when they are not. */
function issuesOf(value: Json | undefined): { readonly budget: Budget } | null {
  if (value === false) return null
  if (value === undefined || value === true) return { budget: githubBudget() }
  const writes = isObject(value) && Object.keys(value).length === 1 ? own(value, 'writesPerMinute') : undefined
  if (typeof writes === 'number' && writes >= 1 && writes <= mostWritesPerMinute)
    return { budget: githubBudget(writes) }
  throw new Failure(`github.issues is true, false or { writesPerMinute: 1 to ${mostWritesPerMinute} }`, {
    hint: 'leave it out for 20 a minute',
    exitCode: 2,
  })
}

/** Reads `github:`; null where it is left out. Half of a configuration is a failure of one line. */
export function githubSettings(
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
