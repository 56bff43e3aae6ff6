import type { Bundle } from '../core/content/index.ts'
import { isObject, type Json, type JsonObject, own } from '../core/model/index.ts'
import {
  createGithubApp,
  deployFeature,
  type FeatureOf,
  type GithubSettings,
  type GithubTenant,
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

type Secrets = (name: string) => readonly string[] | undefined

/** What `github:` of one tenant asks for. */
export interface GithubWish {
  readonly settings: GithubSettings
  /** How issues are written; null when they are not. */
  readonly issues: { readonly budget: Budget } | null
}

/** A tenant with what is done for its repository. */
export interface GithubSeat {
  /** Null where it is left out: nothing is opened then, and nothing is kept for GitHub. */
  readonly wish: GithubWish | null
  readonly store: OpenStore
  readonly bundle: () => Bundle
  readonly enrichDir: string | null
  /** What else is done for the repository. */
  readonly features?: readonly FeatureOf[]
}

/**
 * One app for all tenants, each with its own repository: incidents as issues unless `issues: false`, written as fast as
 * `issues: { writesPerMinute }` says (20), deploys from the default branch unless `deploy: false`, and plans of pull requests unless
 * `plan: false`. Gives the services of each tenant, in their order; the first tenant's have the app.
 */
export async function githubFor(
  seats: readonly [GithubSeat, ...GithubSeat[]],
  parts: {
    readonly clock: () => number
    readonly log: (message: string) => void
    /** Where mirrors of repositories lie. */
    readonly mirrorsDir: string
  },
): Promise<readonly (readonly Service[])[]> {
  const { clock, log, mirrorsDir } = parts
  const tenants = seats.flatMap((seat) => (seat.wish === null ? [] : [tenantOf(seat, seat.wish, mirrorsDir)]))
  const settings = seats[0].wish?.settings
  if (settings === undefined) return seats.map(({ store }) => [offFor(store)])
  let count: (result: string) => void = () => {}
  const app: Service = {
    ...(await createGithubApp({ settings, tenants, clock, log, count: (result) => count(result) })),
    counted(counter) {
      count = (result) => counter('github', result)
    },
  }
  return seats.map(({ wish, store }, index) => [
    ...(wish === null || wish.issues === null ? [offFor(store)] : []),
    ...(wish === null ? [] : [healthOf(store)]),
    ...(index === 0 ? [app] : []),
  ])
}

function tenantOf(
  { store, bundle, enrichDir, features = [] }: GithubSeat,
  wish: GithubWish,
  mirrorsDir: string,
): GithubTenant {
  const { settings, issues } = wish
  const { owner, repo, installation, deploys, plans } = settings
  return {
    ...{ store, owner, repo, installation },
    features: [
      ...(issues === null
        ? []
        : ([(seat) => issuesFeature(seat, { bundle, budget: issues.budget })] satisfies FeatureOf[])),
      ...(deploys ? [deployFeature({ settings, mirrorsDir })] : []),
      ...(plans ? [planFeature({ settings, mirrorsDir, enrichDir })] : []),
      ...features,
    ],
  }
}

const offFor = (store: OpenStore): Service => ({ start: () => disableChannel(store, 'github'), stop: async () => {} })

const healthOf = (store: OpenStore): Service => ({
  start() {},
  stop: async () => {},
  health: async () => ({ github: await store.transaction((tx) => channelHealth(tx, 'github')) }),
})

/** GitHub takes at most 80 requests a minute that create something. */
const mostWritesPerMinute = 80

/** Reads `github:`; null where it is left out. Half of a configuration is a failure of one line. */
export function githubWish(config: JsonObject, secrets: Secrets): GithubWish | null {
  try {
    const settings = readGithubSettings(config, secrets)
    return settings === null ? null : { settings, issues: issuesOf(own(config, 'issues')) }
  } catch (error) {
    if (error instanceof SettingsRefused) throw new Failure(error.message, { hint: error.hint, exitCode: 2 })
    throw error
  }
}

const ofTheApp = ['appId', 'apiUrl', 'webUrl'] as const

/** Reads `github:` of another tenant. The app is the server's, with its secrets; the repository is the tenant's own. */
export function githubWishOfTenant(config: JsonObject, app: JsonObject, secrets: Secrets): GithubWish | null {
  if (Object.keys(config).length === 0) return null
  const strange = ofTheApp.find((key) => Object.hasOwn(config, key))
  if (strange !== undefined)
    throw new Failure(`github.${strange} is the server's: one app serves all tenants`, {
      hint: 'write it under github: at the top, and install the app for this repository too',
      exitCode: 2,
    })
  if (!Object.hasOwn(app, 'appId'))
    throw new Failure('github needs the app, which is configured at the top', {
      hint: 'github: { appId, owner, repo } for the tenant of the server itself',
      exitCode: 2,
    })
  const shared = Object.fromEntries(
    ofTheApp.flatMap((key) => (Object.hasOwn(app, key) ? [[key, app[key] ?? null]] : [])),
  )
  return githubWish({ ...config, ...shared }, secrets)
}

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
