import { prose } from '../cases/index.ts'
import type { Problem } from '../core/model/index.ts'
import type { ChangePreview } from './change-preview.ts'
import { previewMarkdown, previewTitle } from './preview-markdown.ts'

/** One line of a check run at a place of a file. */
export interface Annotation {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly level: 'notice' | 'warning' | 'failure'
  /** Plain text: GitHub interprets nothing in it. */
  readonly title: string
  readonly message: string
}

/** A check run as GitHub's API takes it (REST, "Create a check run"). */
export interface CheckRun {
  readonly conclusion: 'success' | 'failure' | 'neutral'
  readonly title: string
  readonly summary: string
  readonly text: string
  /** All of them; the API takes 50 in one request: {@link annotationBatches}. */
  readonly annotations: readonly Annotation[]
}

/** What GitHub takes as summary and as text, each. */
const maxText = 65_535
const maxTitle = 200
const maxMessage = 4000
const maxAnnotations = 500
const perRequest = 50

/**
 * The check run of a preview: it fails when anything speaks against the change, and is neutral when the content before the
 * change could not be read. Errors are annotated wherever they are, warnings where the change touches the line.
 */
export function checkRunOf(preview: ChangePreview): CheckRun {
  const { failures, notes } = preview
  const lines = [...failures.map((one) => `- **${prose(one, 500)}**`), ...notes.map((one) => `- ${prose(one, 500)}`)]
  return {
    conclusion: failures.length > 0 ? 'failure' : preview.plan === null ? 'neutral' : 'success',
    title: previewTitle(preview).slice(0, maxTitle),
    summary: fitted(lines.length === 0 ? 'Nothing speaks against this change.' : lines),
    text: previewMarkdown(preview, maxText),
    annotations: annotationsOf(preview),
  }
}

/** Annotations in the portions that one request takes; one empty portion when there are none. */
export function annotationBatches(annotations: readonly Annotation[]): readonly (readonly Annotation[])[] {
  const batches: (readonly Annotation[])[] = []
  for (let at = 0; at < annotations.length; at += perRequest) batches.push(annotations.slice(at, at + perRequest))
  return batches.length === 0 ? [[]] : batches
}

function fitted(lines: string | readonly string[]): string {
  if (typeof lines === 'string') return lines
  const room = maxText - 100
  let text = ''
  for (const [index, line] of lines.entries()) {
    if (text.length + line.length > room) return `${text}\n${lines.length - index} more.`
    text += `${index === 0 ? '' : '\n'}${line}`
  }
  return text
}

function annotationsOf(preview: ChangePreview): readonly Annotation[] {
  const { changedLines, mutation } = preview
  const isTouched = (path: string, line: number) =>
    changedLines[path]?.some(([first, last]) => line >= first && line <= last) ?? false
  const fromProblem = (one: Problem): readonly Annotation[] => {
    const { place, severity, message, hint } = one
    if (place === undefined || (severity === 'warning' && !isTouched(place.file, place.line))) return []
    const level = severity === 'error' ? 'failure' : 'warning'
    return [annotation(place, level, one.code, hint === undefined ? message : `${message} (${hint})`)]
  }
  const loud = (preview.plan?.noise ?? []).flatMap(({ rule, isExceeded, afterPerDay, budgetPerDay }) =>
    isExceeded && rule.place !== null
      ? [
          annotation(
            rule.place,
            'failure',
            'over budget',
            `"${rule.title}" would have raised ${Number(afterPerDay.toFixed(2))} lines a day for people, the budget is ${budgetPerDay}`,
          ),
        ]
      : [],
  )
  const unnoticed = (mutation ?? []).flatMap(({ title, survived }) =>
    survived
      .filter(({ place }) => isTouched(place.file, place.line))
      .map((one) =>
        annotation(
          one.place,
          one.safety ? 'warning' : 'notice',
          'no test notices',
          `"${title}" could be broken here and no fixture would fail: ${one.mutation}`,
        ),
      ),
  )
  const rank = { failure: 0, warning: 1, notice: 2 }
  return [...preview.problems.flatMap(fromProblem), ...loud, ...unnoticed]
    .sort((a, b) => rank[a.level] - rank[b.level])
    .slice(0, maxAnnotations)
}

function annotation(
  place: { readonly file: string; readonly line: number },
  level: Annotation['level'],
  title: string,
  message: string,
): Annotation {
  const { file, line } = place
  return { path: file, startLine: line, endLine: line, level, title, message: message.slice(0, maxMessage) }
}
