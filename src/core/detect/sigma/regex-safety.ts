/** Repetitions of a group from which on what varies inside multiplies into more paths than an engine should walk. */
const manyRepeats = 10
/** The same where the inside varies by a bounded length only, like `([0-9a-f]{2}\s?){2,20}`. */
const manyBoundedRepeats = 30

/** How often the atom before it may stand. */
interface Quantifier {
  readonly min: number
  readonly max: number
}

/**
 * Why a regular expression could take exponential time, or null when it cannot be seen to. Refused: back-references, a
 * often repeated group whose inside has a length that varies or chooses between alternatives that may start alike.
 * Stricter than necessary on purpose: rules come from pull requests and packs.
 */
export function unsafeRegex(source: string): string | null {
  if (source.length > 1000) return 'it has more than 1000 characters'
  if (/\\[1-9]|\\k</.test(source)) return 'it has a back-reference'
  const stack: { start: number; spread: number; chooses: boolean }[] = []
  for (let index = 0; index < source.length; index++) {
    const character = source[index]
    if (character === '(') {
      stack.push({ start: index, spread: 0, chooses: false })
      // The question mark of (?: and its like is no quantifier.
      if (source[index + 1] === '?') index++
      continue
    }
    const group = stack.at(-1)
    if (character === '|') {
      if (group !== undefined) group.chooses = true
      continue
    }
    if (character === ')') stack.pop()
    const end = character === '\\' ? index + 1 : character === '[' ? classEnd(source, index) : index
    const quantifier = quantifierAt(source, end + 1)
    const parent = stack.at(-1)
    if (character === ')' && group !== undefined) {
      const many = Number.isFinite(group.spread) ? manyBoundedRepeats : manyRepeats
      if (group.spread > 0 && quantifier.max >= many) return 'it repeats a group that itself repeats'
      if (quantifier.max >= manyRepeats && group.chooses && !disjoint(source.slice(group.start + 1, index)))
        return 'it repeats a choice whose alternatives may start alike'
      if (parent !== undefined) parent.spread = Math.max(parent.spread, group.spread)
    }
    if (parent !== undefined && quantifier.min !== quantifier.max)
      parent.spread = Math.max(parent.spread, quantifier.max - quantifier.min)
    index = end
  }
  return null
}

function classEnd(source: string, start: number): number {
  for (let index = start + 1; index < source.length; index++) {
    if (source[index] === '\\') index++
    else if (source[index] === ']') return index
  }
  return source.length
}

function quantifierAt(source: string, index: number): Quantifier {
  const character = source[index]
  if (character === '*') return { min: 0, max: Number.POSITIVE_INFINITY }
  if (character === '+') return { min: 1, max: Number.POSITIVE_INFINITY }
  if (character === '?') return { min: 0, max: 1 }
  const range = /^\{(\d+)(,(\d*))?\}/.exec(source.slice(index, index + 20))
  if (range === null) return { min: 1, max: 1 }
  const min = Number(range[1])
  const max = range[2] === undefined ? min : range[3] === '' ? Number.POSITIVE_INFINITY : Number(range[3])
  return { min, max }
}

/** True when the alternatives inside a group start with different literal characters. */
function disjoint(inside: string): boolean {
  const alternatives = inside.replace(/^\?[:=!]/, '').split('|')
  const firsts = alternatives.map((one) => /^[A-Za-z0-9 _-]/.exec(one)?.[0].toLowerCase())
  return !firsts.includes(undefined) && new Set(firsts).size === firsts.length
}
