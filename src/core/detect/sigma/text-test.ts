import type { Json } from '../../model/index.ts'
import { encode } from './encode.ts'
import { anyOf, literalsOfPattern } from './literals.ts'
import type { ValueFault } from './modifier-rules.ts'
import { compilePattern, literalOf, parsePattern, surround, withAnyDash } from './pattern.ts'
import type { ValueTest } from './value-test.ts'

const encodings = ['base64', 'base64offset', 'wide', 'utf16', 'utf16le', 'utf16be']
const places = ['contains', 'startswith', 'endswith']

/** A Sigma string with wildcards, compared without case unless `cased`, wherever the modifiers say. */
export function compileText(value: string, modifiers: readonly string[], keyword: boolean): ValueTest | ValueFault {
  const has = (name: string) => modifiers.includes(name)
  const parsed = parsePattern(value)
  const patterns = modifiers.some((name) => encodings.includes(name))
    ? encoded(literalOf(parsed), modifiers)
    : [has('windash') ? withAnyDash(parsed) : parsed]
  if ('message' in patterns) return patterns
  // A keyword and the cut-outs of base64offset are parts of what they are looked for in.
  const anywhere = has('contains') || ((keyword || has('base64offset')) && !places.some(has))
  const whole = patterns.map((pattern) => surround(pattern, anywhere || has('endswith'), anywhere || has('startswith')))
  const cased = has('cased')
  const tests = whole.map((pattern) => compilePattern(pattern, cased))
  const needs = anyOf(whole.map((pattern) => literalsOfPattern(pattern, cased)))
  const [only] = tests
  if (cased) {
    const matches = (one: Json) => one !== null && tests.some((test) => test(String(one)))
    return { test: (_view, field) => field.values.some(matches), needs }
  }
  if (tests.length === 1 && only !== undefined) return { test: (_view, field) => field.lower().some(only), needs }
  return { test: (_view, field) => field.lower().some((one) => tests.some((test) => test(one))), needs }
}

function encoded(literal: string | null, modifiers: readonly string[]) {
  if (literal === null) return { message: 'text with wildcards cannot be encoded', hint: 'escape them: \\*' }
  const texts = encode(literal, modifiers)
  return 'message' in texts ? texts : texts.map((text) => ({ tokens: [{ kind: 'text' as const, text }] }))
}
