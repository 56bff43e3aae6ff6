import MarkdownIt from 'markdown-it'

const maxLength = 65_536
/** A character that no text has when it comes to the parser; the number of a line stands between two of them. */
const mark = '\ue000'
const markdown = new MarkdownIt('commonmark', { html: true }).enable(['table', 'strikethrough'])

/**
 * The lines of a comment in GitHub's Markdown that begin with `/` and that its author says: in a paragraph of the comment itself. What
 * stands in a quote, a list, a table, a code block or span, an HTML comment, an element that quotes or hides, a footnote or a formula is
 * not said, nor is a line that is indented. Read with CommonMark's rules, by which a quote or a list goes on until an empty
 * line. In doubt a line is left out.
 */
export function spokenLines(comment: string): readonly string[] {
  const lines = comment
    .slice(0, maxLength)
    .replaceAll(mark, ' ')
    .split(/\r\n|[\n\r]/)
  if (!lines.some((line) => line.startsWith('/'))) return []
  // A footnote takes lines along as a quote does; the parser knows none.
  const marked = lines.map((line, n) =>
    line.startsWith('/') ? `${mark}${n}${mark}${line.slice(1)}` : line.replace(/^ {0,3}\[\^/, '> ^'),
  )
  const open: string[] = []
  const spoken: string[] = []
  for (const token of markdown.parse(marked.join('\n'), {})) {
    if (token.type === 'html_block') follow(token.content, open)
    if (token.type !== 'inline') continue
    const isSaid = token.level === 1 && !token.content.includes('$$')
    let isStart = true
    for (const child of token.children ?? []) {
      if (child.type === 'html_inline') follow(child.content, open)
      const n = child.type === 'text' && isStart ? lineOf(child.content) : null
      if (n !== null && isSaid && open.length === 0) spoken.push(lines[n] ?? '')
      isStart = child.type === 'softbreak' || child.type === 'hardbreak'
    }
  }
  return spoken
}

function lineOf(text: string): number | null {
  const [, digits] = /^\ue000(\d+)\ue000/.exec(text) ?? []
  return digits === undefined ? null : Number(digits)
}

/** Elements in whose text nothing is said by the author: what is quoted, code, or not shown. */
const silent =
  /<!--|-->|<(\/?)(blockquote|q|pre|code|samp|kbd|script|style|textarea|template|xmp|title|iframe|svg|math|table|ul|ol|del|s)(?=[\s/>]|$)/gi

/** Keeps account of which of these elements are open after a piece of HTML; one that is never closed stays open to the end. */
function follow(html: string, open: string[]): void {
  let isComment = false
  for (const [found, slash, name = ''] of html.matchAll(silent)) {
    const element = name.toLowerCase()
    if (found === '<!--' || found === '-->') isComment = found === '<!--'
    else if (isComment) continue
    else if (slash === '') open.push(element)
    else if (open.includes(element)) open.splice(open.lastIndexOf(element), 1)
  }
}
