import type { TimelineEntry } from '../../cases/index.ts'

const grouped = /^"(.+)" (joined|opened) incident \d+: (.*)$/s

/**
 * The entries as they are shown: why an alert was put to the incident stands with the alert, not in an entry of its own. Nothing is
 * left out.
 */
export function timelineRows(timeline: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const rows: TimelineEntry[] = []
  for (const entry of timeline) {
    const [, title, verb, why] = entry.kind === 'decision' ? (grouped.exec(entry.sentence) ?? []) : []
    const at = title === undefined ? -1 : rows.findLastIndex((one) => isOf(one, entry.at, title))
    const alert = rows[at]
    if (alert === undefined) rows.push(entry)
    else rows[at] = { ...alert, sentence: `${alert.sentence}; ${verb}: ${why}` }
  }
  return rows
}

const isOf = (one: TimelineEntry, at: number, title: string) =>
  one.kind === 'alert' && one.at === at && one.sentence.startsWith(title) && !one.sentence.includes('; joined: ')
