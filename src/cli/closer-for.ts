import { type Closer, createCloser } from '../closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type JsonObject, own } from '../core/model/index.ts'
import { type FeatureOf, githubPublisher } from '../github/index.ts'
import { gitPublisher } from '../repo/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'

const known = ['repository', 'base', 'push', 'github']

/** What runs by itself, and what runs as a part of the GitHub app. */
export interface ClosingServices {
  readonly services: readonly Closer[]
  readonly features: readonly FeatureOf[]
}

/**
 * What `closing:` in the configuration asks for; nothing where it is left out. `{ github: true }`: proposals become pull
 * requests of the repository of the GitHub app. `{ repository, base?, push? }`: they become branches of a repository on this
 * machine, which begin at `base` (`main`), pushed to `push` when that is said.
 */
export function closerFor(
  config: JsonObject,
  parts: {
    readonly store: Store
    readonly bundle: () => Bundle
    readonly clock: () => number
    readonly log: (message: string) => void
    readonly hasGithub: boolean
  },
): ClosingServices {
  const names = Object.keys(config)
  if (names.length === 0) return { services: [], features: [] }
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined)
    throw new Failure(`"closing" has no member "${strange}"`, { hint: `it has ${known.join(', ')}`, exitCode: 2 })
  const [repository, base, push, github] = known.map((name) => own(config, name))
  const { log, ...rest } = parts
  const onError = (error: unknown) => log(`a closed incident could not be worked off: ${(error as Error).message}`)
  if (github !== undefined) {
    if (github !== true || names.length > 1)
      throw new Failure('closing.github is true and stands alone', { hint: 'or name a repository', exitCode: 2 })
    if (!parts.hasGithub)
      throw new Failure('closing.github needs the GitHub app', { hint: 'configure github: too', exitCode: 2 })
    const feature: FeatureOf = (seat) => {
      const closer = createCloser({ ...rest, publisher: githubPublisher(seat), onError })
      return { handlers: {}, start: () => closer.start(), stop: () => closer.stop() }
    }
    return { services: [], features: [feature] }
  }
  if (typeof repository !== 'string')
    throw new Failure('closing.repository is missing', {
      hint: 'it names a Git repository on this machine',
      exitCode: 2,
    })
  if ((base !== undefined && typeof base !== 'string') || (push !== undefined && typeof push !== 'string'))
    throw new Failure('closing.base and closing.push are texts', { exitCode: 2 })
  const publisher = gitPublisher({ repository, base: base ?? 'main', ...(push === undefined ? {} : { remote: push }) })
  return { services: [createCloser({ ...rest, publisher, onError })], features: [] }
}
