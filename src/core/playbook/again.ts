import type { PlaybookTrigger } from './language.ts'

/**
 * Whether what sets a playbook off starts it again for an incident for which it began `afterMs` before. Starting by itself (`every`)
 * it is certain only after the whole length of a slot. Two requests to a webhook with one key are one, whatever this says.
 */
export function startsAgain(
  { once, cooldownMs, everyMs }: Pick<PlaybookTrigger, 'once' | 'cooldownMs' | 'everyMs'>,
  afterMs: number,
  byItself = false,
): boolean {
  return once === 'change' && afterMs >= cooldownMs && (!byItself || (everyMs !== null && afterMs >= everyMs))
}
