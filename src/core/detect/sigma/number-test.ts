import { type Json, parseTimestamp } from '../../model/index.ts'
import { type TimePart, timeParts, type ValueFault } from './modifier-rules.ts'
import { unbound, type ValueTest } from './value-test.ts'

export type Order = 'lt' | 'lte' | 'gt' | 'gte'

const compare: Readonly<Record<Order | 'eq', (seen: number, wanted: number) => boolean>> = {
  lt: (seen, wanted) => seen < wanted,
  lte: (seen, wanted) => seen <= wanted,
  gt: (seen, wanted) => seen > wanted,
  gte: (seen, wanted) => seen >= wanted,
  eq: (seen, wanted) => seen === wanted,
}

/** `lt`, `lte`, `gt`, `gte`: numbers, and texts that are plain decimal numbers. */
export function compileOrder(value: Json, order: Order): ValueTest | ValueFault {
  const wanted = toNumber(value)
  if (wanted === null) return { message: `"${order}" takes a number` }
  return unbound((_view, field) =>
    field.values.some((one) => {
      const seen = toNumber(one)
      return seen !== null && compare[order](seen, wanted)
    }),
  )
}

/** `minute` to `year`: a part of a date in UTC, equal to a number or, with an order, beyond it. */
export function compileTimePart(value: Json, part: TimePart, order: Order | 'eq'): ValueTest | ValueFault {
  const [from, to] = timeParts[part]
  const wanted = toNumber(value)
  if (wanted === null || !Number.isInteger(wanted) || wanted < from || wanted > to)
    return { message: `"${part}" takes a whole number from ${from} to ${to}` }
  return unbound((_view, field) =>
    field.values.some((one) => {
      const at = dateOf(one)
      return at !== null && compare[order](partOf(at, part), wanted)
    }),
  )
}

/** A number, or a text that is nothing but one in plain decimal digits; else null. */
export function toNumber(value: Json): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.length > 40 || !/^-?\d+(\.\d+)?$/.test(value)) return null
  return Number(value)
}

/** Dates as text by RFC 3339; without a zone they are read as UTC, without a time as midnight. */
function dateOf(value: Json): number | null {
  if (typeof value !== 'string') return null
  return parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00` : value, 'utc')
}

function partOf(at: number, part: TimePart): number {
  const date = new Date(at)
  switch (part) {
    case 'minute':
      return date.getUTCMinutes()
    case 'hour':
      return date.getUTCHours()
    case 'day':
      return date.getUTCDate()
    case 'week':
      return isoWeek(date)
    case 'month':
      return date.getUTCMonth() + 1
    case 'year':
      return date.getUTCFullYear()
  }
}

/** ISO 8601: weeks begin on Monday, and the first is that of the year's first Thursday. */
function isoWeek(date: Date): number {
  const day = date.getUTCDay() === 0 ? 7 : date.getUTCDay()
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 4 - day))
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return Math.floor((thursday.getTime() - newYear) / (7 * 86_400_000)) + 1
}
