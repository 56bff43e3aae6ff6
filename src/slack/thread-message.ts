import { type TimelineEntry, utc } from '../cases/index.ts'
import { type Message, plainText } from './blocks.ts'
import { harmless } from './harmless.ts'
import { limits } from './limits.ts'

/** The most entries one reply tells; what came before them is counted. */
const most = 20

/** New entries of an incident's timeline as one reply in the thread; null when there are none. */
export function threadMessage(incident: number, entries: readonly TimelineEntry[]): Message | null {
  if (entries.length === 0) return null
  const told = entries.slice(-most)
  const left = entries.length - told.length
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
    text: `${entries.length} new entries in the timeline of incident ${incident}`,
    blocks: texts.map((text) => ({ type: 'section', text: plainText(text) })),
  }
}
