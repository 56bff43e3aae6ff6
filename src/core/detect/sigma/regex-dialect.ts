import type { RegexFlags } from './regex-engine.ts'

/** The engines that an expression is written for. */
type Dialect = 'linear' | 'backtracking'

/** Characters that PCRE counts as white space; JavaScript counts more, RE2 fewer. */
const space = '\\t-\\r '
const notSpace = '\\x00-\\x08\\x0e-\\x1f!-'

/**
 * Writes an expression, which Sigma reads as PCRE (specification, modifiers appendix, "Regular Expression"), so that an
 * engine reads it the same way: `$` before a last line end, `\s`, `\Z`, `\h`, `\e`, comments. What an engine does not
 * know is left for it to refuse. One difference stays: for the linear engine a `$` before a last line end takes that
 * line end, so that `$\n` finds nothing there.
 */
export function writeFor(dialect: Dialect, source: string, flags: RegexFlags): string {
  const linear = dialect === 'linear'
  const lines = flags.m || /\(\?[a-z]*m/.test(source)
  let out = ''
  let atom = 0
  const open: number[] = []
  for (let index = 0; index < source.length; index++) {
    const character = source[index] as string
    const counted = linear && character === '{' ? longCount(source.slice(index, index + 20), out.slice(atom)) : null
    if (counted !== null) {
      out = out.slice(0, atom) + counted.text
      index += counted.length - 1
      continue
    }
    if (character === '(') open.push(out.length)
    atom = character === ')' ? (open.pop() ?? 0) : out.length
    if (character === '\\') {
      const next = source[++index] ?? ''
      if (next === 'Q') {
        const end = source.indexOf('\\E', index)
        out += escapeText(source.slice(index + 1, end < 0 ? undefined : end))
        index = end < 0 ? source.length : end + 1
      } else out += outside(next, linear)
    } else if (character === '[') {
      const end = classEnd(source, index)
      out += classFor(source.slice(index, end + 1), linear)
      index = end
    } else if (source.startsWith('(?#', index)) {
      const end = source.indexOf(')', index)
      index = end < 0 ? source.length : end
    } else if (character === '$') out += lines ? (linear ? '$' : '(?![^\\n])') : linear ? '(?:\\n?\\z)' : '(?=\\n?$)'
    else if (linear) out += character
    else if (character === '^') out += lines ? '(?<![^\\n])' : '^'
    else if (character === '.') out += flags.s ? '[\\s\\S]' : '[^\\n]'
    else if (source.startsWith('(?P<', index)) {
      out += '(?<'
      index += 3
    } else out += character
  }
  return out
}

/** Where the character class that begins at `start` ends: at its bracket, or at the end of the source. */
export function classEnd(source: string, start: number): number {
  let index = start + 1
  if (source[index] === '^') index++
  // A bracket that comes first is itself.
  if (source[index] === ']') index++
  for (; index < source.length; index++) {
    if (source[index] === '\\') index++
    else if (source.startsWith('[:', index) && source.indexOf(':]', index) > 0) index = source.indexOf(':]', index) + 1
    else if (source[index] === ']') return index
  }
  return source.length
}

/** RE2 repeats at most a thousand times; PCRE 65,535 times. */
const maxRepeats = 1000
const maxLongCount = 20_000

/** A long count written as several short ones: `a{2500}` is `a{1000}a{1000}a{500}`. Null for any other quantifier. */
function longCount(rest: string, atom: string): { text: string; length: number } | null {
  const found = /^\{(\d+)(,(\d*))?\}\??/.exec(rest)
  if (found === null) return null
  const min = Number(found[1])
  const max = found[2] === undefined ? min : found[3] === '' ? null : Number(found[3])
  const most = max ?? min
  if (most <= maxRepeats || most > maxLongCount || most < min) return null
  const chunks = (count: number, from: string) =>
    [
      `${atom}{${from}${maxRepeats}}`.repeat(Math.floor(count / maxRepeats)),
      `${atom}{${from}${count % maxRepeats}}`,
    ].join('')
  return {
    text: `(?:${chunks(min, '')}${max === null ? `${atom}*` : chunks(max - min, '0,')})`,
    length: found[0].length,
  }
}

const escapeText = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

function outside(next: string, linear: boolean): string {
  if (next === 's') return `[${space}]`
  if (next === 'S') return `[^${space}]`
  if (next === 'h') return '[\\t \\xa0]'
  if (next === 'e') return '\\x1b'
  if (next === 'Z') return linear ? '(?:\\n?\\z)' : '(?=\\n?$)'
  if (linear) return `\\${next}`
  if (next === 'A') return '(?<![\\s\\S])'
  if (next === 'z') return '(?![\\s\\S])'
  return `\\${next}`
}

function classFor(source: string, linear: boolean): string {
  const members: Readonly<Record<string, string>> = {
    s: space,
    S: notSpace + (linear ? '\\x{10FFFF}' : '\\uffff'),
    h: '\\t \\xa0',
    e: '\\x1b',
  }
  return source
    .replace(/\\([\s\S])/g, (whole, letter: string) => members[letter] ?? whole)
    .replace(/^(\[\^?)\]/, '$1\\]')
}
