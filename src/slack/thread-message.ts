import { type TimelineEntry, utc } from '../cases/index.ts'
import { type Message, plainText } from './blocks.ts'
import { harmless } from './harmless.ts'
import { limits } from './limits.ts'

/** The most entries that one reply tells; what came before them is counted. */
export const mostEntries = 20

/** The newest entries of an incident's timeline as one reply in the thread, with how many before them are left out; null when there are none. */
export function threadMessage(incident: number, entries: readonly TimelineEntry[], before: number): Message | null {
  if (entries.length === 0) return null
  const told = entries.slice(-mostEntries)
  const left = before + entries.length - told.length
  const lines = [
    ...(left > 0 ? [`${left} earlier entries are left out here: gitsoc incidents show ${incident}`] : []),
    ...told.map((one) => `${utc(one.at)} ${harmless(one.actor, 80)}: ${harmless(one.sentence, 400)}`),
  ]
  const texts: string[] = []
  for (const line of lines) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + line.length + 1 <= limits.sectionText)
      texts[texts.length - 1] += `\n${line}`
    else texts.push(line)
  }
  return {
    text: `${entries.length + before} new entries in the timeline of incident ${incident}`,
    blocks: texts.map((text) => ({ type: 'section', text: plainText(text) })),
  }
}
