type Token =
  | { readonly kind: 'text'; readonly text: string }
  /** `*`, `?`, and any of the dashes that Windows programs take before an option. */
  | { readonly kind: 'any' | 'one' | 'dash' }

/** Sigma string value with its escapes resolved: `\*`, `\?` and `\\` are literal, `*` and `?` wildcards. */
export interface Pattern {
  readonly tokens: readonly Token[]
}

/** Reads a Sigma string. A backslash before anything but `*`, `?` or a backslash is a plain backslash. */
export function parsePattern(source: string): Pattern {
  const tokens: Token[] = []
  let text = ''
  const flush = () => {
    if (text !== '') tokens.push({ kind: 'text', text })
    text = ''
  }
  for (let index = 0; index < source.length; index++) {
    const character = source[index] as string
    const next = source[index + 1]
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      text += next
      index++
    } else if (character === '*' || character === '?') {
      flush()
      if (character === '?') tokens.push({ kind: 'one' })
      else if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' })
    } else text += character
  }
  flush()
  return { tokens }
}

const dashes = '-/\u2013\u2014\u2015'

/** The pattern with every dash or slash that begins an option standing for all of them (Sigma's `windash`). */
export function withAnyDash(pattern: Pattern): Pattern {
  const tokens = pattern.tokens.flatMap((token): readonly Token[] =>
    token.kind === 'text'
      ? token.text
          .split(/((?<!\w)[-/\u2013-\u2015](?=\w))/)
          .flatMap((text, index): readonly Token[] =>
            index % 2 === 1 ? [{ kind: 'dash' }] : text === '' ? [] : [{ kind: 'text', text }],
          )
      : [token],
  )
  return { tokens }
}

/** The pattern with a wildcard before and/or after it. */
export function surround(pattern: Pattern, before: boolean, after: boolean): Pattern {
  const tokens = [...pattern.tokens]
  if (before && tokens[0]?.kind !== 'any') tokens.unshift({ kind: 'any' })
  if (after && tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' })
  return { tokens }
}

/** The literal text of a pattern without wildcards, else null. */
export function literalOf(pattern: Pattern): string | null {
  if (pattern.tokens.length === 0) return ''
  const [only, ...more] = pattern.tokens
  return more.length === 0 && only?.kind === 'text' ? only.text : null
}

/** A test of whole texts. Without `cased` the tested text must already be in lower case. */
export function compilePattern(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const tokens = cased
    ? pattern.tokens
    : pattern.tokens.map((token) =>
        token.kind === 'text' ? { kind: token.kind, text: token.text.toLowerCase() } : token,
      )
  const [a, b, c] = tokens
  if (tokens.length === 0) return (text) => text === ''
  if (a?.kind === 'text' && b === undefined) return (text) => text === a.text
  if (a?.kind === 'any' && b === undefined) return () => true
  if (tokens.length === 2 && a?.kind === 'any' && b?.kind === 'text') return (text) => text.endsWith(b.text)
  if (tokens.length === 2 && a?.kind === 'text' && b?.kind === 'any') return (text) => text.startsWith(a.text)
  if (tokens.length === 3 && a?.kind === 'any' && b?.kind === 'text' && c?.kind === 'any')
    return (text) => text.includes(b.text)
  return (text) => matchTokens(tokens, text)
}

/** Greedy matching with one backtrack point: linear in text times tokens. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let at = 0
  let token = 0
  let starToken = -1
  let starAt = 0
  for (;;) {
    const current = tokens[token]
    if (current === undefined) {
      if (at === text.length) return true
    } else if (current.kind === 'any') {
      starToken = token++
      starAt = at
      continue
    } else if (current.kind === 'text' ? text.startsWith(current.text, at) : stands(current.kind, text[at])) {
      at += current.kind === 'text' ? current.text.length : 1
      token++
      continue
    }
    if (starToken < 0 || starAt >= text.length) return false
    starAt++
    const after = tokens[starToken + 1]
    if (after?.kind === 'text') {
      const found = text.indexOf(after.text, starAt)
      if (found < 0) return false
      starAt = found
    }
    at = starAt
    token = starToken + 1
  }
}

function stands(kind: 'one' | 'dash', character: string | undefined): boolean {
  return character !== undefined && (kind === 'one' || dashes.includes(character))
}
