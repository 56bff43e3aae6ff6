import type { Json } from '../../../src/core/model/index.ts'

const token = /\s*(?:(?<mark>[{}[\]:,])|"(?<text>(?:[^"\\]|\\.)*)"|(?<bare>[^\s{}[\],"]+))/gy

/**
 * Values written like JSON with bare keys, addresses, times and durations and with commas at the end, one after another.
 * Bare words that are no number, boolean or null are texts.
 */
export function readNotation(text: string): readonly Json[] {
  const tokens = [...text.matchAll(token)].map((one) => one.groups ?? {})
  const values: Json[] = []
  let at = 0
  const peek = () => tokens[at]?.mark
  const scalar = (): Json => {
    const { text: quoted, bare } = tokens[at++] ?? {}
    if (quoted !== undefined) return unescaped(quoted)
    if (bare === undefined || bare === 'null') return null
    if (bare === 'true' || bare === 'false') return bare === 'true'
    return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(bare) ? Number(bare) : bare
  }
  const value = (): Json => {
    const opening = peek()
    if (opening === '[') {
      const list: Json[] = []
      for (at++; at < tokens.length && peek() !== ']'; ) {
        if (peek() === ',') at++
        else list.push(value())
      }
      at++
      return list
    }
    if (opening !== '{') return scalar()
    const members: [string, Json][] = []
    for (at++; at < tokens.length && peek() !== '}'; ) {
      if (peek() === ',') {
        at++
        continue
      }
      const key = tokens[at++]
      const name = key?.text ?? (key?.bare ?? '').replace(/:$/, '')
      if (peek() === ':') at++
      members.push([name, value()])
    }
    at++
    return Object.fromEntries(members)
  }
  while (at < tokens.length) {
    if (peek() === ',') at++
    else values.push(value())
  }
  return values
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text.replace(/\\(.)/g, '$1')
  }
}
