import { plain, prose, table } from '../cases/index.ts'
import type { ChangePreview } from './change-preview.ts'
import { closuresText } from './closures.ts'
import { daysOf, eventsOf, headlineOf, type Section, sectionsOf, totalsOf, warningsOf } from './plan-sections.ts'
import { reviewSections } from './review-sections.ts'

/** Finds the one comment that is edited. */
export const commentMark = '<!-- gitsoc:preview -->'
/** What GitHub takes as a comment is 65,536 characters. */
const maxComment = 65_000
const maxCell = 300

/**
 * A preview as the sticky comment of a pull request, with its mark. Every cell is escaped: no mention, reference, link, HTML,
 * fence or command comes out of an event, a rule's title or a path. Parts that would not fit are named and left out.
 */
export function planMarkdown(preview: ChangePreview): string {
  return `${commentMark}\n${previewMarkdown(preview, maxComment - commentMark.length - 1)}`
}

/** The same without the mark, in at most `limit` characters. */
export function previewMarkdown(preview: ChangePreview, limit: number): string {
  const { plan, failures, notes } = preview
  const room = limit - 1000
  let text = `### ${prose(previewTitle(preview))}\n`
  if (plan !== null) text += `\n${prose(headlineOf(plan))}\n`
  const lines = [
    ...failures.map((one) => `- **${prose(one, 500)}**`),
    ...[...notes, ...(plan === null ? [] : warningsOf(plan))].map((one) => `- ${prose(one, 500)}`),
  ]
  const left: string[] = []
  const add = (part: string, name: string) => {
    if (text.length + part.length > room) left.push(name)
    else text += part
  }
  for (const line of lines) add(`\n${line}`, 'a warning')
  for (const one of sectionsFor(preview)) add(`\n\n${sectionMarkdown(one)}`, one.title)
  if (preview.closures !== null) add(`\n\n${prose(closuresText(preview.closures), 500)}`, 'how it was replayed')
  const names = [...new Set(left)].join(', ')
  return `${text}\n${left.length > 0 ? `\nLeft out, since what GitHub shows has an end: ${names}. \`gitsoc plan --json\` has it all.\n` : ''}`
}

/** The parts of a preview that have anything to say. */
export function sectionsFor(preview: ChangePreview): readonly Section[] {
  const { plan } = preview
  const isQuiet = plan === null || (plan.isSame && plan.content.length === 0)
  return [...reviewSections(preview), ...(isQuiet ? [] : [totalsOf(plan), ...sectionsOf(plan)])]
}

function sectionMarkdown({ title, head, rows, more }: Section): string {
  const lines = table(
    head.map((one) => prose(one)),
    rows.map((row) => row.map((one) => prose(one, maxCell))),
  )
  return `#### ${title}\n\n${lines.join('\n')}${more > 0 ? `\n\n${more} more: \`gitsoc plan --json\` has them all.` : ''}`
}

/** One line for a list of checks. */
export function previewTitle({ failures, plan, notes }: ChangePreview): string {
  const [first] = failures
  if (first !== undefined)
    return plain(failures.length === 1 ? first : `${first}; and ${failures.length - 1} more`, 200)
  if (plan === null) return plain(notes[0] ?? 'nothing is compared', 200)
  if (plan.isSame) return 'nothing that people or playbooks see changes'
  const { incidents, approvals } = plan.totals
  const added = plan.rules.reduce((sum, one) => sum + one.added, 0)
  const lost = plan.rules.reduce((sum, one) => sum + one.lost, 0)
  const change = ([a, b]: readonly [number, number]) => (b - a > 0 ? `+${b - a}` : String(b - a))
  return `alerts +${added} -${lost}, incidents ${change(incidents)}, approvals ${change(approvals)} ${eventsOf(plan) === 0 ? 'without a history' : `in ${daysOf(plan)} of history`}`
}
