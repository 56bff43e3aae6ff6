import { plain } from '../cases/index.ts'
import type { Proposals } from '../closing/index.ts'
import { type Published, proposalBranch } from '../repo/index.ts'

const maxLine = 2000

/** A line of a file or text as the terminal may have it, with its indentation. */
const shown = (line: string) => `${/^ */.exec(line)?.[0] ?? ''}${plain(line, maxLine)}`

/** Proposals as `gitsoc propose` prints them: nothing of an event or a person's note commands the terminal or hides in it. */
export function proposalsText({ proposals, left }: Proposals, published: readonly Published[], show: boolean): string {
  const lines: string[] = []
  for (const [index, proposal] of proposals.entries()) {
    const { title, body, files, direct } = proposal
    const done = published[index]
    const where = done === undefined ? (direct ? 'without a review' : proposalBranch(proposal)) : done.branch
    lines.push(`${plain(title)}  (${plain(where)}${done === undefined ? '' : ` at ${done.commit.slice(0, 12)}`})`)
    for (const line of body.split('\n')) lines.push(line === '' ? '' : `  ${shown(line)}`)
    for (const { path, text } of files) {
      const rows = text.trimEnd().split('\n')
      lines.push(`  ${plain(path)}, ${rows.length} lines`)
      if (show) lines.push('', ...rows.map((line) => `    ${shown(line)}`), '')
    }
    lines.push('')
  }
  for (const { what, why } of left) lines.push(`not proposed: ${plain(what)}, since ${plain(why)}`)
  if (proposals.length === 0 && left.length === 0) lines.push('nothing is proposed')
  return `${lines.join('\n').trimEnd()}\n`
}
