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

/**
 * Whether any object of a valid JSON text has the same key twice. `JSON.parse` keeps the last value, other readers the
 * first: whoever signs or inspects the text may have seen the other one.
 */
export function hasDuplicateKey(text: string): boolean {
  const scopes: (Set<string> | null)[] = []
  let key: string | null = null
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === quote) {
      const end = endOfString(text, index)
      key = text.slice(index, end + 1)
      index = end
    } else if (code === 58) {
      const scope = scopes.at(-1)
      if (scope != null && key !== null) {
        const name = key.includes('\\') ? (JSON.parse(key) as string) : key.slice(1, -1)
        if (scope.has(name)) return true
        scope.add(name)
      }
      key = null
    } else if (code === 123) scopes.push(new Set())
    else if (code === 91) scopes.push(null)
    else if (code === 125 || code === 93) scopes.pop()
  }
  return false
}
