import { type Message, plainText } from './blocks.ts'
import { harmless } from './harmless.ts'
import { limits } from './limits.ts'

const most = 9_000

/** Lines of an answer as one message, cut with a sentence where Slack takes no more. */
export function replyMessage(lines: readonly string[]): Message {
  const texts: string[] = []
  let size = 0
  let left = 0
  for (const line of lines.map((one) => harmless(one, 1000))) {
    if (line === '') continue
    if (size + line.length > most) {
      left++
      continue
    }
    size += line.length
    const last = texts.at(-1)
    if (last !== undefined && last.length + line.length + 1 <= limits.sectionText)
      texts[texts.length - 1] += `\n${line}`
    else texts.push(line)
  }
  if (left > 0) texts.push(`${left} more lines are left out: ask gitsoc in the terminal.`)
  if (texts.length === 0) texts.push('There is nothing to show.')
  return {
    text: (texts[0] ?? '').slice(0, 300).toWellFormed(),
    blocks: texts.map((text) => ({ type: 'section', text: plainText(text) })),
  }
}
