import type { Fact, SeverityId } from '../../model/index.ts'
import type { View } from '../sigma/view.ts'
import type { Locate } from './locate.ts'
import type { Reading } from './reader.ts'

/** An event that a rule looks at. */
export interface Seen {
  readonly at: number
  readonly view: View
  readonly locate: Locate
  readonly entity: Reading
}

/** Something unusual: what was usual, and what was seen instead. */
export interface Unusual {
  readonly severity: SeverityId
  /** Identity of what was seen within its entity. */
  readonly value: string
  readonly sentence: string
  readonly facts: readonly Fact[]
}
