import type { Bundle } from '../core/content/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import { secretsFrom } from '../server/index.ts'
import { anchorSettings } from './anchorer-for.ts'
import { channelSettings } from './channels-for.ts'
import { closingSettings } from './closer-for.ts'
import { Failure } from './failure.ts'
import { type GithubWish, githubWish, githubWishOfTenant } from './github-for.ts'
import type { Config } from './read-config.ts'
import type { TenantSettings } from './tenant-site.ts'
import { type TenantWish, tenantWishes } from './tenants-for.ts'

/** What runs beside the server, as the configuration asks for it. */
export interface ServerSettings extends TenantSettings {
  readonly tenants: readonly { readonly wish: TenantWish; readonly github: GithubWish | null }[]
}

/** Reads all of the configuration that is about the server, before anything is opened. Throws a {@link Failure}. */
export function serverSettings(config: Config, loaded: Bundle): ServerSettings {
  const secrets = secretsFrom(process.env)
  const github = githubWish(config.of('github'), secrets)
  const tenants = tenantWishes(config, secrets).map((wish) => ({
    wish,
    github: of(wish, () => githubWishOfTenant(wish.config.of('github'), config.of('github'), secrets)),
  }))
  ownRepositoryEach([github, ...tenants.map((one) => one.github)])
  return { ...settingsOf(config.of, secrets, github, loaded), tenants }
}

/** What of a tenant's configuration runs beside it, for the content that is served first. */
export function settingsOf(
  config: (name: string) => JsonObject,
  secrets: (name: string) => readonly string[] | undefined,
  github: GithubWish | null,
  bundle: Bundle,
): TenantSettings {
  return {
    github,
    channels: channelSettings(config, secrets, bundle),
    audit: anchorSettings(config('audit')),
    closing: closingSettings(config('closing'), github !== null),
  }
}

/** What is wrong with a tenant's part says whose it is. */
export function of<T>({ name }: TenantWish, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { hint, exitCode } = error
    throw new Failure(`tenants.${name}: ${error.message}`, { ...(hint === undefined ? {} : { hint }), exitCode })
  }
}

/** `owner/name` of a tenant's repository. */
export const repositoryOf = (wish: GithubWish | null) =>
  wish === null ? null : `${wish.settings.owner}/${wish.settings.repo}`

/** Of a repository of two tenants nobody could tell whose incident a comment is about. */
function ownRepositoryEach(wishes: readonly (GithubWish | null)[]): void {
  const named = wishes.flatMap((wish) => repositoryOf(wish)?.toLowerCase() ?? [])
  const twice = named.find((one, index) => named.indexOf(one) < index)
  if (twice === undefined) return
  throw new Failure(`the repository ${twice} is configured for two tenants`, {
    hint: 'each tenant has a repository of its own',
    exitCode: 2,
  })
}
