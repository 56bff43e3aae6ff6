import { plain } from '../cases/index.ts'
import type { ChangePreview } from './change-preview.ts'
import { closuresText } from './closures.ts'
import { headlineOf, type Section, warningsOf } from './plan-sections.ts'
import { sectionsFor } from './preview-markdown.ts'

const maxCell = 160

/** A preview for a terminal: nothing of an event commands it. */
export function planText(preview: ChangePreview): string {
  const { plan, failures, notes } = preview
  const lines = plan === null ? [] : [plain(headlineOf(plan))]
  for (const one of failures) lines.push(`! ${plain(one, 500)}`)
  for (const one of [...notes, ...(plan === null ? [] : warningsOf(plan))]) lines.push(`note: ${plain(one, 500)}`)
  for (const one of sectionsFor(preview)) lines.push('', one.title, ...rowsText(one))
  if (preview.closures !== null) lines.push('', closuresText(preview.closures))
  return `${lines.join('\n')}\n`
}

/** Short columns stand under one another; what is long stands last and runs on. */
function rowsText({ head, rows, more }: Section): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map((text) => plain(text, maxCell)))
  const widths = head.map((_, column) => Math.min(48, Math.max(...cells.map((row) => (row[column] ?? '').length))))
  const lines = cells.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  return more > 0 ? [...lines, `  and ${more} more (--json has them all)`] : lines
}
