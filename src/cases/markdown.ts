import { plain } from './terminal.ts'

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
