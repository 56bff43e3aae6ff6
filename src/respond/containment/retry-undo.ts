import { isObject, type Json } from '../../core/model/index.ts'

const firstMs = 60_000
const longestMs = 6 * 3_600_000

/** What is kept of a taking back that has failed. */
export interface FailedUndo {
  /** Whether nobody knows what the vendor made of it (5xx, silence): a refusal would only be heard again. */
  readonly isUnclear: boolean
  /** How often it was tried. */
  readonly tries: number
}

/** As it is kept with the effect, and back. */
export const failedUndo = ({ isUnclear, tries }: FailedUndo) => ({ unclear: isUnclear, tries })
export const failedUndoOf = (result: Json): FailedUndo =>
  isObject(result) && typeof result.tries === 'number'
    ? { isUnclear: result.unclear === true, tries: result.tries }
    : { isUnclear: false, tries: 1 }

/** When the server tries again by itself, epoch milliseconds: after a minute, then after twice as long each time, up to six hours; null = only a person does. */
export function triesAgainAt(failed: FailedUndo, isRepeatable: boolean, failedAt: number): number | null {
  if (!failed.isUnclear || !isRepeatable) return null
  return failedAt + Math.min(longestMs, firstMs * 2 ** Math.min(30, failed.tries - 1))
}
