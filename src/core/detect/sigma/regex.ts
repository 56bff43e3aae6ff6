import { writeFor } from './regex-dialect.ts'
import { compileLinear, type RegexFlags } from './regex-engine.ts'
import { unprovenRegex } from './regex-safety.ts'
import { widthOf } from './regex-size.ts'

/** Why an expression cannot be used. */
export interface RegexFault {
  readonly message: string
  readonly hint: string
}

const maxSource = 4000

/** As much of a text as any expression sees; other tests see as much. */
const maxText = 1_000_000
/** Places followed times characters: a fifth of a second at the worst that was measured, 10 ns each. */
const maxSteps = 20_000_000
/** An expression must see ten thousand characters at least. */
const maxWidth = 2000
const beyondLinear = /\(\?<?[=!]|\\[1-9]|\\k<|\(\?P=/

/**
 * A test whether an expression finds something in a text, in time proportional to the text. Expressions run on the
 * linear-time engine; those with look-around or back-references, which it does not know, on JavaScript's if they are
 * proven to be linear there too, and else not at all.
 */
export function compileRegex(source: string, flags: RegexFlags): ((text: string) => boolean) | RegexFault {
  if (source.length > maxSource)
    return { message: `the regular expression has more than ${maxSource} characters`, hint: 'split it, or list values' }
  const width = widthOf(source)
  if (width > maxWidth)
    return {
      message: `the regular expression could stall the engine: it counts up to ${width} in places of variable length`,
      hint: 'begin it with ^, or count less far',
    }
  const linear = compileLinear(writeFor('linear', source, flags), flags)
  if (typeof linear === 'function') {
    const seen = Math.min(maxText, Math.floor(maxSteps / width))
    const test = withoutLongS(linear, flags.i || /\(\?[a-z]*i/.test(source))
    return (text) => test(text.length > seen ? text.slice(0, seen) : text)
  }
  if (!beyondLinear.test(source))
    return {
      message: `the regular expression is not valid: ${linear}`,
      hint: 'Sigma knows . ^ $ * + ? {n,m} [] | () and this engine what RE2 has: github.com/google/re2/wiki/Syntax',
    }
  const inline = /^\(\?([ims]+)\)/.exec(source)
  const has = (flag: 'i' | 'm' | 's') => flags[flag] || (inline?.[1]?.includes(flag) ?? false)
  const rest = (inline === null ? source : source.slice(inline[0].length)).replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
  const unproven = unprovenRegex(rest)
  if (unproven !== null)
    return {
      message: `the regular expression has look-around or a back-reference and could stall the engine: ${unproven}`,
      hint: 'say what must not be there with a search of its own and "not" in the condition',
    }
  return backtracking(rest, { i: has('i'), m: has('m'), s: has('s') })
}

/** Without case `ſ` would be an s for the engine, and it is none where values are compared in lower case. */
function withoutLongS(test: (text: string) => boolean, folds: boolean): (text: string) => boolean {
  return folds ? (text) => test(text.includes('ſ') ? text.replaceAll('ſ', '\ufffd') : text) : test
}

function backtracking(source: string, flags: RegexFlags): ((text: string) => boolean) | RegexFault {
  try {
    const regex = new RegExp(writeFor('backtracking', source, flags), flags.i ? 'i' : '')
    return (text) => regex.test(text.slice(0, maxText))
  } catch (error) {
    return {
      message: `the regular expression is not valid: ${(error as Error).message}`,
      hint: 'check brackets, parentheses and quantifiers',
    }
  }
}
