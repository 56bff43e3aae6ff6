import { plain } from '../cases/index.ts'

const zeroWidth = '\u200b'

/**
 * Text that others wrote, for any text of Slack: one line; `&`, `<` and `>` as entities, so that no mention, link or
 * `<!channel>` comes out of it (docs.slack.dev/messaging/formatting-message-text, "Escaping text"); addresses and mentions
 * that clients find by themselves are broken by a character without width. What is longer ends with `…`.
 */
export function harmless(text: string, limit = 300): string {
  return escaped(broken(plain(text, limit)), limit)
}

/** Like {@link harmless}, but null where it would not be there in full, a line break or hidden character would be lost, or there is nothing to show. */
export function inFull(text: string, limit: number): string | null {
  if (text === '' || plain(text, text.length + 1) !== text) return null
  const shown = entitled(broken(text))
  return shown.length <= limit ? shown : null
}

const broken = (text: string) =>
  text
    .replaceAll('@', `@${zeroWidth}`)
    .replaceAll('://', `:${zeroWidth}//`)
    .replace(/\b(www|mailto|tel)([.:])/gi, `$1${zeroWidth}$2`)
    .replace(/(^|\s)#(?=\w)/g, `$1#${zeroWidth}`)

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const entitled = (text: string) => text.replace(/[&<>]/g, (one) => entities[one] as string)

/** Escaped and still within the limit, never cut inside of an entity or a pair of surrogates. */
function escaped(text: string, limit: number): string {
  const whole = entitled(text)
  if (whole.length <= limit) return whole
  let cut = ''
  for (const character of text) {
    const next = entitled(character)
    if (cut.length + next.length > limit - 1) break
    cut += next
  }
  return `${cut}…`
}
