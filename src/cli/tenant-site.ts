import type { Bundle } from '../core/content/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import { fileProblemText } from '../enrich/index.ts'
import { createFollower, createTeamLookup } from '../github/index.ts'
import { playbookAuthors } from '../repo/index.ts'
import { createRuntime, type Runtime, type Service, type SiteOptions } from '../server/index.ts'
import type { OpenStore } from '../store/index.ts'
import { type AnchorSettings, anchorServices } from './anchorer-for.ts'
import { type ChannelSettings, channelServices } from './channels-for.ts'
import { type ClosingSettings, closingServices } from './closer-for.ts'
import type { GithubSeat, GithubWish } from './github-for.ts'

/** What runs for one tenant, as its configuration asks for it. */
export interface TenantSettings {
  readonly channels: ChannelSettings
  readonly audit: AnchorSettings | null
  readonly closing: ClosingSettings
  readonly github: GithubWish | null
}

/** One tenant as it is served, with what the GitHub app does for it. */
export interface TenantSite {
  readonly runtime: Runtime
  readonly site: SiteOptions & { readonly services: readonly Service[] }
  readonly github: GithubSeat
  /** Integrations that are not simulated. */
  readonly live: readonly string[]
}

/** Puts together what runs for one tenant over its open store; nothing runs yet. */
export async function createTenantSite(
  settings: TenantSettings,
  given: {
    readonly store: OpenStore
    readonly config: (name: string) => JsonObject
    readonly secrets: (name: string) => readonly string[] | undefined
    /** What is served first. */
    readonly bundle: Bundle
    /** Serves what is deployed from then on. */
    readonly follows: boolean
    /** The repository that the content was loaded from. */
    readonly repository: string
    readonly workDir: string
    readonly enrichDir: string | null
    readonly incidentsDir: string | null
    readonly clock: () => number
    readonly log: (message: string) => void
  },
): Promise<TenantSite> {
  const { store, config, secrets, bundle, workDir, enrichDir, incidentsDir, clock, log } = given
  const live = bundle.integrations.filter((one) => config(one.id).mode === 'live').map((one) => one.id)
  const runtime = await createRuntime({
    ...{ store, bundle, clock, workDir },
    authors: await playbookAuthors(given.repository, bundle.commit, [...bundle.playbooks.keys()]),
    live: { config, secrets },
    onBatch: ({ notices }) => notices.forEach(log),
    onError: (error) => log(`survived: ${(error as Error).message}`),
    ...(enrichDir === null ? {} : { enrichDir }),
    ...(incidentsDir === null ? {} : { incidentsDir }),
  })
  for (const problem of runtime.enricher.problems) log(fileProblemText(problem))
  const shared = { store, clock, log, bundle: () => runtime.bundle() }
  const teams = createTeamLookup({ clock })
  const closing = closingServices(settings.closing, shared)
  const services = [
    ...(given.follows ? [createFollower({ store, current: runtime.bundle, swap: runtime.swap, log })] : []),
    ...anchorServices(settings.audit, shared),
    ...closing.services,
    ...(await channelServices(settings.channels, { ...shared, secrets, workDir, teamsOf: teams.teamsOf })),
  ]
  return {
    runtime,
    live,
    site: { config, secrets, services },
    github: {
      wish: settings.github,
      store,
      bundle: shared.bundle,
      enrichDir,
      features: [...closing.features, teams.feature],
    },
  }
}
