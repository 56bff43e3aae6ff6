import { prose, table } from '../cases/index.ts'
import type { Plan } from '../core/replay/index.ts'
import { headlineOf, sectionsOf, totalsOf, warningsOf } from './plan-sections.ts'

/** What GitHub takes as a comment, with room for who posts it. */
const maxCharacters = 60_000
const maxCell = 300

/**
 * A plan as a comment of a pull request. Every cell is escaped: no mention, reference, link, HTML, fence or command comes
 * out of an event, a rule's title or a path. Parts that would not fit are named and left out.
 */
export function planMarkdown(plan: Plan): string {
  let text = `### ${prose(headlineOf(plan))}\n`
  for (const one of warningsOf(plan)) text += `\n- **${prose(one, 500)}**`
  if (plan.isSame && plan.content.length === 0) return `${text}\n`
  const left: string[] = []
  for (const { title, head, rows, more } of [totalsOf(plan), ...sectionsOf(plan)]) {
    const lines = table(
      head.map((one) => prose(one)),
      rows.map((row) => row.map((one) => prose(one, maxCell))),
    )
    const part = `\n\n#### ${title}\n\n${lines.join('\n')}${more > 0 ? `\n\n${more} more: \`gitsoc plan --json\` has them all.` : ''}`
    if (text.length + part.length > maxCharacters) left.push(title)
    else text += part
  }
  return `${text}\n${left.length > 0 ? `\nLeft out, since a comment has an end: ${left.join(', ')}.\n` : ''}`
}
