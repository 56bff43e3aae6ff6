import type { Needs } from './literals.ts'
import type { Field, View } from './view.ts'

/** A test of one value of a rule against a field; of keywords, against all values of the record. */
export interface ValueTest {
  readonly test: (view: View, field: Field) => boolean
  /** What one of the field's values must hold for the test to be true. */
  readonly needs: Needs
  /** The other field that it looks at. */
  readonly other?: string
}

/** A test of which nothing is known beforehand. */
export const unbound = (test: ValueTest['test']): ValueTest => ({ test, needs: null })
