import { type ObservableType, parseTimestamp } from '../core/model/index.ts'

/** Takes one indicator of a list; false when the value is none of its type. `validUntil` in epoch milliseconds, null = for good. */
export type AddIndicator = (
  type: ObservableType,
  value: string,
  description: string,
  validUntil: number | null,
) => boolean

export type AddProblem = (message: string, line?: number) => void

/** The end of a day, or a time with zone; null when the text is neither. */
export function timeOf(text: string): number | null {
  return parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.999Z` : text, 'rfc3339')
}
