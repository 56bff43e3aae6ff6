import { classEnd } from './regex-dialect.ts'

/**
 * How many places of an expression the linear-time engine may have to follow at once: its parts, each as often as it is
 * counted. Its time is that times the length of the text. An expression that begins with `^` and has nothing of variable
 * length before its last count is in one place at a time, however far it counts.
 */
export function widthOf(source: string): number {
  const groups = [0]
  let last = 0
  let width = 0
  let fixed = /^(?:\(\?[ims]+\))?\^/.test(source)
  const add = (amount: number) => {
    groups.push((groups.pop() ?? 0) + amount)
    if (!fixed) width += amount
  }
  for (let index = 0; index < source.length; index++) {
    const character = source[index] as string
    const count = /^\{(\d+)(,(\d*))?\}/.exec(source.slice(index, index + 20))
    if (count !== null) {
      add(last * (Math.max(Number(count[1]), Number(count[3] ?? 0), 1) - 1))
      if (count[2] !== undefined) fixed = false
      index += count[0].length - 1
    } else if (character === '(') {
      groups.push(0)
      if (source[index + 1] === '?') index += 2
    } else if (character === ')') {
      last = groups.pop() ?? 0
      groups.push((groups.pop() ?? 0) + last)
    } else if ('*+?|'.includes(character)) fixed = false
    else {
      index = character === '[' ? classEnd(source, index) : character === '\\' ? index + 1 : index
      last = 1
      add(1)
    }
  }
  return Math.max(1, width)
}
