import { type Closer, createCloser } from '../closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type JsonObject, own } from '../core/model/index.ts'
import { type FeatureOf, githubPublisher } from '../github/index.ts'
import { gitPublisher, type Publisher } from '../repo/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'

/** What `closing:` in the configuration asks for: where proposals go. */
export type ClosingSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'github' }
  | { readonly kind: 'repository'; readonly repository: string; readonly base: string; readonly push: string | null }

/**
 * Reads `{ github: true }`: proposals become pull requests of the repository of the GitHub app; or
 * `{ repository, base?, push? }`: they become branches of a repository on this machine, which begin at `base` (`main`),
 * pushed to `push` when that is said.
 */
export function closingSettings(config: JsonObject, hasGithub: boolean): ClosingSettings {
  const names = Object.keys(config)
  if (names.length === 0) return { kind: 'none' }
  const [repository, base = 'main', push = null, github] = ['repository', 'base', 'push', 'github'].map((name) =>
    own(config, name),
  )
  if (github !== undefined) {
    if (github !== true || names.length > 1)
      throw refused('closing.github is true and stands alone', 'or name a repository')
    if (!hasGithub) throw refused('closing.github needs the GitHub app', 'configure github: too')
    return { kind: 'github' }
  }
  if (typeof repository !== 'string')
    throw refused('closing.repository is missing', 'it names a Git repository on this machine; or say github: true')
  if (typeof base !== 'string' || (push !== null && typeof push !== 'string'))
    throw refused('closing.base and closing.push are texts')
  return { kind: 'repository', repository, base, push }
}

/** What runs by itself, and what runs as a part of the GitHub app. */
export interface ClosingServices {
  readonly services: readonly Closer[]
  readonly features: readonly FeatureOf[]
}

/** The work on closed incidents as it runs beside the server. */
export function closingServices(
  settings: ClosingSettings,
  parts: {
    readonly store: Store
    readonly bundle: () => Bundle
    readonly clock: () => number
    readonly log: (message: string) => void
  },
): ClosingServices {
  const { store, bundle, clock, log } = parts
  const onError = (error: unknown) => log(`a closed incident could not be worked off: ${(error as Error).message}`)
  const closer = (publisher: Publisher) => createCloser({ store, bundle, clock, publisher, onError })
  if (settings.kind === 'none') return { services: [], features: [] }
  if (settings.kind === 'github') {
    const feature: FeatureOf = (seat) => {
      const { start, stop } = closer(githubPublisher(seat))
      return { handlers: {}, start, stop }
    }
    return { services: [], features: [feature] }
  }
  const { repository, base, push } = settings
  const publisher = gitPublisher({ repository, base, ...(push === null ? {} : { remote: push }) })
  return { services: [closer(publisher)], features: [] }
}

const refused = (message: string, hint?: string) =>
  new Failure(message, { ...(hint === undefined ? {} : { hint }), exitCode: 2 })
