import { type Closer, createCloser } from '../closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type JsonObject, own } from '../core/model/index.ts'
import { gitPublisher } from '../repo/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'

const known = ['repository', 'base', 'push']

/**
 * What `closing:` in the configuration asks for: `{ repository, base?, push? }`; nothing where it is left out. Proposals
 * become branches of the repository, which begin at `base` (`main`), pushed to `push` when that is said.
 */
export function closerFor(
  config: JsonObject,
  parts: {
    readonly store: Store
    readonly bundle: () => Bundle
    readonly clock: () => number
    readonly log: (message: string) => void
  },
): readonly Closer[] {
  const names = Object.keys(config)
  if (names.length === 0) return []
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined)
    throw new Failure(`"closing" has no member "${strange}"`, { hint: `it has ${known.join(', ')}`, exitCode: 2 })
  const [repository, base, push] = known.map((name) => own(config, name))
  if (typeof repository !== 'string')
    throw new Failure('closing.repository is missing', {
      hint: 'it names a Git repository on this machine',
      exitCode: 2,
    })
  if ((base !== undefined && typeof base !== 'string') || (push !== undefined && typeof push !== 'string'))
    throw new Failure('closing.base and closing.push are texts', { exitCode: 2 })
  const publisher = gitPublisher({ repository, base: base ?? 'main', ...(push === undefined ? {} : { remote: push }) })
  const { log, ...rest } = parts
  const onError = (error: unknown) => log(`a closed incident could not be worked off: ${(error as Error).message}`)
  return [createCloser({ ...rest, publisher, onError })]
}
