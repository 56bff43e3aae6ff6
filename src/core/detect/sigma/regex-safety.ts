/**
 * Why a regular expression could take exponential or high polynomial time, or null when it cannot be seen to.
 * Refused: back-references, a repeated group that itself repeats or chooses between alternatives that may start alike.
 * Stricter than necessary on purpose: rules come from pull requests and packs.
 */
export function unsafeRegex(source: string): string | null {
  if (source.length > 1000) return 'it has more than 1000 characters'
  if (/\\[1-9]|\\k</.test(source)) return 'it has a back-reference'
  const stack: { repeats: boolean; alternatives: boolean }[] = []
  let inClass = false
  for (let index = 0; index < source.length; index++) {
    const character = source[index]
    if (character === '\\') {
      index++
      continue
    }
    if (inClass) {
      if (character === ']') inClass = false
      continue
    }
    if (character === '[') inClass = true
    else if (character === '(') stack.push({ repeats: false, alternatives: false })
    else if (character === '|') {
      const group = stack.at(-1)
      if (group !== undefined) group.alternatives = true
    } else if (character === ')') {
      const group = stack.pop()
      const repeated = isUnbounded(source, index + 1)
      if (group !== undefined && repeated && group.repeats) return 'it repeats a group that itself repeats'
      if (group !== undefined && repeated && group.alternatives && !disjoint(source, index))
        return 'it repeats a choice whose alternatives may start alike'
      const parent = stack.at(-1)
      if (parent !== undefined && (repeated || group?.repeats === true)) parent.repeats = true
    } else if (isUnbounded(source, index)) {
      const group = stack.at(-1)
      if (group !== undefined) group.repeats = true
    }
  }
  return null
}

function isUnbounded(source: string, index: number): boolean {
  const character = source[index]
  if (character === '*' || character === '+') return true
  const range = /^\{(\d+),(\d*)\}/.exec(source.slice(index, index + 14))
  return range !== null && (range[2] === '' || Number(range[2]) > 100)
}

/** True when the alternatives of the group that closes at `end` start with different literal characters. */
function disjoint(source: string, end: number): boolean {
  let depth = 0
  let start = end
  for (; start >= 0; start--) {
    if (source[start - 1] === '\\') continue
    if (source[start] === ')') depth++
    if (source[start] === '(' && --depth === 0) break
  }
  const alternatives = source
    .slice(start + 1, end)
    .replace(/^\?[:=!]/, '')
    .split('|')
  const firsts = alternatives.map((one) => /^[A-Za-z0-9 _-]/.exec(one)?.[0].toLowerCase())
  return !firsts.includes(undefined) && new Set(firsts).size === firsts.length
}
