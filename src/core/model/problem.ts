import type { Place } from './place.ts'

/** Something that is wrong with input or content: what happened, where, what to do. */
export interface Problem {
  /** From a closed list of the room that reports it, e.g. `sigma/unknown-modifier`. */
  readonly code: string
  readonly message: string
  readonly place?: Place
  /** What to write or do instead. */
  readonly hint?: string
  readonly severity: 'error' | 'warning'
}

/** An expected failure is a value, not an exception. */
export type Result<T, P = readonly Problem[]> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: P }

/** An error problem. */
export function problem(code: string, message: string, place?: Place, hint?: string): Problem {
  return {
    code,
    message,
    severity: 'error',
    ...(place === undefined ? {} : { place }),
    ...(hint === undefined ? {} : { hint }),
  }
}
