import { plain } from '../cases/index.ts'
import type { Problem } from '../core/model/index.ts'

/**
 * What is answered. Lines are plain text in which parts may come from events: one line each, without control, invisible or
 * direction-changing characters, bounded. A channel escapes them in its own form.
 */
export interface Reply {
  /** Whether what was asked was done or shown. */
  readonly ok: boolean
  readonly lines: readonly string[]
  /** Whether anything is otherwise than before. */
  readonly changed: boolean
}

const maxLines = 60
const maxLine = 1000

/** Something was shown, and nothing changed. */
export const shown = (lines: readonly string[]): Reply => ({ ok: true, lines: bounded(lines), changed: false })
/** Something was done. */
export const done = (...lines: readonly string[]): Reply => ({ ok: true, lines: bounded(lines), changed: true })
/** Nothing was done: why, and what to write instead. */
export const refused = (...lines: readonly string[]): Reply => ({ ok: false, lines: bounded(lines), changed: false })

/** {@link refused} with what a room says is wrong. */
export function refusedBy(problems: readonly Problem[]): Reply {
  const [first] = problems
  return refused(first?.message ?? 'that cannot be done', ...(first?.hint === undefined ? [] : [first.hint]))
}

function bounded(lines: readonly string[]): readonly string[] {
  const clean = lines.map((line) => plain(line, maxLine)).filter((line) => line !== '')
  return clean.length <= maxLines
    ? clean
    : [...clean.slice(0, maxLines - 1), `and ${clean.length - maxLines + 1} more lines`]
}
