import { type AnchorPlace, createAnchorer } from '../anchor/index.ts'
import { durationMs } from '../core/correlate/index.ts'
import { type Json, type JsonObject, own } from '../core/model/index.ts'
import type { Service } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'

/** What `audit:` in the configuration asks for. */
export interface AnchorSettings {
  readonly place: AnchorPlace
  readonly everyMs: number
}

/**
 * Reads `{ repository, branch?, every?, key?, push? }`; null where it is left out. `every` is a time like `10m`, one hour
 * when it is not said; `key` is an SSH private key that signs, `push` the repository that the branch goes to.
 */
export function anchorSettings(config: JsonObject): AnchorSettings | null {
  if (Object.keys(config).length === 0) return null
  const text = (name: string, otherwise: string | null): string | null => {
    const value: Json | undefined = own(config, name)
    if (value !== undefined && typeof value !== 'string') throw refused(`audit.${name} is no text`)
    return value ?? otherwise
  }
  const repository = text('repository', null)
  if (repository === null) throw refused('audit.repository is missing', 'it names a Git repository on this machine')
  const every = text('every', '1h')
  const everyMs = durationMs(every ?? undefined)
  if (everyMs === null || everyMs < 60_000) throw refused(`audit.every is a time like 1h, at least 1m, not "${every}"`)
  const [signingKey, remote] = [text('key', null), text('push', null)]
  const place = {
    ...{ repository, branch: text('branch', 'gitsoc/audit') ?? '' },
    ...(signingKey === null ? {} : { signingKey }),
    ...(remote === null ? {} : { remote }),
  }
  return { place, everyMs }
}

/** The anchoring as it runs beside the server. */
export function anchorServices(
  settings: AnchorSettings | null,
  parts: { readonly store: Store; readonly clock: () => number; readonly log: (message: string) => void },
): readonly Service[] {
  if (settings === null) return []
  const { store, clock, log } = parts
  const onError = (error: unknown) => log(`the audit head could not be anchored: ${(error as Error).message}`)
  return [createAnchorer({ store, clock, onError, ...settings })]
}

const refused = (message: string, hint?: string) =>
  new Failure(message, { ...(hint === undefined ? {} : { hint }), exitCode: 2 })
