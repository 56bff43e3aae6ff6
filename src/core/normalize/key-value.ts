/** One name and its value in a line of `name=value`; `quoted` tells `"41"` from `41`. */
export interface Pair {
  readonly name: string
  readonly value: string
  readonly quoted: boolean
}

const maxPairs = 300
const isName = /[A-Za-z0-9_.-]/

/**
 * The pairs of a line such as `a=1 b="two words" c='x'`, in one pass. A value goes to the quote that closes it, else to
 * the next space; inside quotes a backslash keeps the quote that follows it. Words without `=` are passed over.
 */
export function keyValuePairs(text: string): readonly Pair[] {
  const pairs: Pair[] = []
  let at = 0
  while (at < text.length && pairs.length < maxPairs) {
    const start = at
    while (at < text.length && isName.test(text[at] as string)) at++
    if (at === start || text[at] !== '=') {
      at = Math.max(at, start + 1)
      continue
    }
    const name = text.slice(start, at)
    const quote = text[at + 1]
    if (quote === '"' || quote === "'") {
      const end = closing(text, at + 2, quote)
      pairs.push({ name, value: text.slice(at + 2, end), quoted: true })
      at = end + 1
    } else {
      const space = text.indexOf(' ', at)
      const end = space < 0 ? text.length : space
      pairs.push({ name, value: text.slice(at + 1, end), quoted: false })
      at = end
    }
  }
  return pairs
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return text.length
}
