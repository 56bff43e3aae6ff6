import { createHash } from 'node:crypto'

/**
 * Which half of a data set something belongs to. Rules were written against the `seen` half only; the `held out` half
 * says what they are worth on material nobody looked at.
 */
export function halfOf(name: string): 'seen' | 'held out' {
  return (createHash('sha256').update(name).digest()[0] ?? 0) % 2 === 0 ? 'seen' : 'held out'
}
