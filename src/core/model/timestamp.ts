/** How a source writes its times; nothing is guessed. `utc` is text without zone that the source documents as UTC. */
export const timeForms = [
  'rfc3339',
  'utc',
  'epoch-s',
  'epoch-ms',
  'epoch-us',
  'epoch-ns',
  'cef',
  'syslog',
  'asctime',
] as const
export type TimeForm = (typeof timeForms)[number]

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const maxMs = 8.64e15

/**
 * Epoch milliseconds UTC of a source's time, or null when it is none in that form. Text without a zone is refused in
 * `rfc3339`; dates that do not exist are refused; fractions of 7 to 9 digits and `+0100` are read. `receivedAt` gives
 * the year that RFC 3164 leaves out.
 */
export function parseTimestamp(value: unknown, form: TimeForm, receivedAt = 0): number | null {
  switch (form) {
    case 'epoch-s':
      // A thousandth of a millisecond: 1778574000.123 s is a hair below that as a float.
      return epoch(value, (number) => number * 1000 + 1e-3)
    case 'epoch-ms':
      return epoch(value, (number) => number)
    case 'epoch-us':
      return epoch(value, (number) => number / 1000)
    case 'epoch-ns':
      // Nanoseconds of today have more digits than a number holds: as text they lose none that count.
      return typeof value === 'string' && /^\d{7,20}$/.test(value)
        ? epoch(value.slice(0, -6), (number) => number)
        : epoch(value, (number) => number / 1_000_000)
    case 'rfc3339':
      return typeof value === 'string' ? iso(value, true) : null
    case 'utc':
      return typeof value === 'string' ? iso(value, false) : null
    case 'cef':
      return (
        epoch(value, (number) => number) ??
        (typeof value === 'string' ? (named(value, receivedAt) ?? iso(value, false)) : null)
      )
    case 'syslog':
      return typeof value === 'string' ? (iso(value, false) ?? named(value, receivedAt)) : null
    case 'asctime':
      return typeof value === 'string' ? asctime(value) : null
  }
}

function epoch(value: unknown, toMs: (number: number) => number): number | null {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^-?\d{1,20}(\.\d{1,9})?$/.test(value)
        ? Number(value)
        : Number.NaN
  const ms = Math.floor(toMs(number))
  return Number.isFinite(ms) && Math.abs(ms) <= maxMs ? ms : null
}

const isoForm = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d:?\d\d)?$/

function iso(text: string, needsZone: boolean): number | null {
  if (text.length > 40) return null
  const match = isoForm.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone] = match
  if (zone === undefined && needsZone) return null
  const at = utc(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  if (at === null) return null
  const offset = zone === undefined || /z/i.test(zone) ? 0 : offsetMinutes(zone)
  return offset === null ? null : at + Number(fraction.padEnd(3, '0').slice(0, 3)) - offset * 60_000
}

function offsetMinutes(zone: string): number | null {
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 15 || minutes > 59) return null
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number | null {
  if (month < 0 || month > 11 || day < 1 || hour > 23 || minute > 59 || second > 60) return null
  const at = Date.UTC(year, month, day, hour, minute, Math.min(second, 59))
  return new Date(at).getUTCDate() === day && year >= 1970 ? at : null
}

/** `Oct 11 22:14:15` (the year that brings it closest to the receipt, at most a day after it) and `Oct 11 2026 22:14:15`. */
function named(text: string, receivedAt: number): number | null {
  const match =
    /^([A-Za-z]{3})\s+(\d{1,2})\s+(?:(\d{4})\s+)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:\s+(?:UTC|GMT))?$/.exec(
      text.slice(0, 50),
    )
  if (match === null) return null
  const [, month = '', day, year, hour, minute, second] = match
  const index = months.indexOf(month.toLowerCase())
  const inYear = (one: number) => utc(one, index, Number(day), Number(hour), Number(minute), Number(second))
  if (year !== undefined) return inYear(Number(year))
  const current = new Date(receivedAt).getUTCFullYear()
  const near = [current + 1, current, current - 1].map(inYear)
  return near.find((at) => at !== null && at <= receivedAt + 86_400_000) ?? null
}

/** `Tue May 12 08:31:04 2026 UTC`. */
function asctime(text: string): number | null {
  const match = /^[A-Za-z]{3}\s+([A-Za-z]{3}\s+\d{1,2})\s+(\d\d:\d\d:\d\d)\s+(\d{4})(?:\s+(?:UTC|GMT))?$/.exec(
    text.slice(0, 50),
  )
  return match === null ? null : named(`${match[1]} ${match[3]} ${match[2]}`, 0)
}
