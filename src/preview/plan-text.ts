import { plain } from '../cases/index.ts'
import type { Plan } from '../core/replay/index.ts'
import { headlineOf, type Section, sectionsOf, totalsOf, warningsOf } from './plan-sections.ts'

const maxCell = 160

/** A plan for a terminal: nothing of an event commands it. */
export function planText(plan: Plan): string {
  const lines = [plain(headlineOf(plan))]
  for (const one of warningsOf(plan)) lines.push(`! ${plain(one, 500)}`)
  const sections = plan.isSame && plan.content.length === 0 ? [] : [totalsOf(plan), ...sectionsOf(plan)]
  for (const one of sections) lines.push('', one.title, ...rowsText(one))
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
