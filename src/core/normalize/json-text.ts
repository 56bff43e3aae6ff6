import type { Json, JsonObject } from '../model/index.ts'

const quote = 34
const backslash = 92

/** The top-level JSON values of a text that holds several, one after another; what is left over at the end is a part of its own. */
export function splitJson(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = -1
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === quote && depth > 0) index = endOfString(text, index)
    else if (code === 123 || code === 91) {
      if (depth++ === 0) start = index
    } else if ((code === 125 || code === 93) && depth > 0 && --depth === 0) {
      parts.push(text.slice(start, index + 1))
      start = -1
    } else if (depth === 0 && start < 0 && code > 32 && code !== 44) start = index
  }
  if (start >= 0 && text.slice(start).trim() !== '') parts.push(text.slice(start))
  return parts
}

/** Index of the quote that closes the string opened at `index`; the last index when none does. */
function endOfString(text: string, index: number): number {
  let at = index + 1
  for (;;) {
    at = text.indexOf('"', at)
    if (at < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return at
    at++
  }
}

/** How many lists and objects a text may open, counted up to just above `limit`: a text cannot nest deeper than that. */
export function countOpenings(text: string, limit: number): number {
  let count = 0
  for (const opening of ['{', '['])
    for (let at = text.indexOf(opening); at >= 0 && count <= limit; at = text.indexOf(opening, at + 1)) count++
  return count
}

/**
 * Whether any object of a JSON text has the same key twice, given the value that it parses to. `JSON.parse` keeps the
 * last value, other readers the first: whoever signs or inspects the text may have seen the other one. A key that comes
 * twice is written once more than it is kept, so it is enough to count.
 */
export function hasDuplicateKey(text: string, value: Json): boolean {
  return writtenKeys(text) !== keptKeys(value)
}

/** Keys as written: strings before a colon. */
function writtenKeys(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOfString(text, at) + 1
    while (text.charCodeAt(at) <= 32) at++
    if (text.charCodeAt(at) === 58) count++
  }
  return count
}

function keptKeys(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) for (const item of value as readonly Json[]) count += keptKeys(item)
  else
    for (const key of Object.keys(value)) {
      count++
      const member = (value as JsonObject)[key]
      if (typeof member === 'object' && member !== null) count += keptKeys(member)
    }
  return count
}
