import type { Pattern } from './pattern.ts'

/**
 * A text that a value must hold for a test to be true. In lower case, any dash or slash that begins an option written as
 * `-` (never where `at` is `whole`: that is equality). It narrows down which rules are looked at and decides nothing itself: it may be found where the test is false,
 * and must be found where the test is true.
 */
export interface Literal {
  readonly text: string
  readonly at: 'anywhere' | 'start' | 'end' | 'whole'
}

/** Of these one must be found for a test to be true; null = nothing can be said. */
export type Needs = readonly Literal[] | null

/** What must be found for any of several tests to be true. */
export function anyOf(all: readonly Needs[]): Needs {
  return all.includes(null) ? null : all.flatMap((needs) => needs ?? [])
}

/** What a text must hold to match the pattern: its longest part without wildcards. */
export function literalsOfPattern({ tokens }: Pattern, cased: boolean): Needs {
  let best: Literal | null = null
  let run = ''
  let begin = 0
  const exact = !tokens.some((token) => token.kind === 'dash')
  const close = (end: number) => {
    const [first, last] = [begin === 0, end === tokens.length]
    const at: Literal['at'] = first && last && exact ? 'whole' : first ? 'start' : last ? 'end' : 'anywhere'
    const literal = cased ? plainPart(run, at) : { text: run, at }
    if (literal !== null && literal.text !== '' && literal.text.length > (best?.text.length ?? 0)) best = literal
    run = ''
    begin = end + 1
  }
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'text') run += cased ? token.text : token.text.toLowerCase()
    else if (token.kind === 'dash') run += '-'
    else close(index)
  }
  close(tokens.length)
  return best === null ? null : [best]
}

/**
 * Text that keeps its case, as it stands in lower-cased values: only its longest run of ASCII, for how other letters are
 * lower-cased can depend on what stands beside them.
 */
function plainPart(text: string, at: Literal['at']): Literal | null {
  const runs = text.match(/[\0-\x7f]+/g) ?? []
  const longest = runs.reduce((best, one) => (one.length > best.length ? one : best), '')
  if (longest === text) return text === '' ? null : { text: text.toLowerCase(), at }
  return longest === '' ? null : { text: longest.toLowerCase(), at: 'anywhere' }
}
