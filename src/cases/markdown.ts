import type { Json } from '../core/model/index.ts'
import { plain } from './terminal.ts'

/** Characters that are not seen, or change how others are seen. Line breaks in strings are escaped by JSON already. */
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu
const zeroWidth = '\u200b'

/**
 * Text of an attacker as a line of GitHub Markdown: no mention, reference, link, HTML, formatting, table cell, list or
 * command comes out of it, and the source stays readable. Backslashes and entities as in CommonMark 0.31 section 2.4 and 2.5.
 */
export function prose(text: string, limit = 500): string {
  return plain(text, limit)
    .replace(/[\\`*[\]<>~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('|', '&#124;')
    .replaceAll('@', `@${zeroWidth}`)
    .replaceAll('://', `:${zeroWidth}//`)
    .replace(/\b(www)\./gi, `$1${zeroWidth}.`)
    .replace(/(#|\bGH-)(?=\d)/gi, `$1${zeroWidth}`)
    .replace(/^(?=[-+#=/]|\d+[.)](?:\s|$))/, zeroWidth)
}

/** A value in a code span, where nothing is interpreted; safe in table cells too. */
export function code(value: string, limit = 300): string {
  const text = plain(value, limit)
  if (text === '') return ''
  if (text.includes('|')) return prose(value, limit)
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest > 0 || text.startsWith(' ') ? ' ' : ''
  return `${fence}${pad}${text}${pad}${fence}`
}

/**
 * Text of an attacker as a title, where GitHub reads no Markdown but code spans, and what else reads titles (mail, chat, the API's
 * users) may read more: no mention, reference, link or command, and it does not begin like one.
 */
export function headline(text: string, limit = 240): string {
  return plain(text, limit)
    .replaceAll('`', "'")
    .replaceAll('@', `@${zeroWidth}`)
    .replaceAll('://', `:${zeroWidth}//`)
    .replace(/\b(www)\./gi, `$1${zeroWidth}.`)
    .replace(/(#|\bGH-)(?=\d)/gi, `$1${zeroWidth}`)
    .replace(/^(?=\/)/, zeroWidth)
}

/** A value as JSON in a fence of its own lines, complete: nothing in it is interpreted, and nothing in it is invisible. */
export function fenced(value: Json): readonly string[] {
  const text = JSON.stringify(value, null, 2).replace(hidden, (one) =>
    [...Array(one.length).keys()].map((n) => `\\u${one.charCodeAt(n).toString(16).padStart(4, '0')}`).join(''),
  )
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}json`, ...text.split('\n'), fence]
}

/** A table of cells that are Markdown already; of more than `limit` rows the rest is counted. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], limit = 300): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.slice(0, limit).map(line),
    ...(rows.length > limit ? ['', `${rows.length - limit} more are in report.json.`] : []),
  ]
}
