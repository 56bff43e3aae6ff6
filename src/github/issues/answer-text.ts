import { prose } from '../../cases/index.ts'
import type { Reply } from '../../chatops/index.ts'
import { helpMarkdown, type Rights, type UnknownVerb, unknownText } from '../../core/command/index.ts'
import { answerMarker } from './markers.ts'

/** What was said and what came of it. `verb` is a word of ours. */
export interface Answered {
  readonly verb: string
  readonly reply: Reply
  /** Given where the whole table of commands was asked for. */
  readonly help?: Rights
}

/** One comment that answers everything that stood in another. */
export function answerText(key: string, said: readonly Answered[], unknown: readonly UnknownVerb[], left = 0): string {
  const entries = said.flatMap(({ verb, reply, help }) => {
    if (help !== undefined) return ['', helpMarkdown(help), '']
    const [first = '', ...rest] = reply.lines.map((line) => prose(line, 1000))
    return [`- ${reply.ok ? '' : '**not done**, '}\`/${verb}\`: ${first}`, ...rest.map((line) => `  - ${line}`)]
  })
  const missed = unknownText(unknown).map((line) => `- **not done**: ${prose(line, 400)}`)
  const more = left === 0 ? [] : [`- **not read**: ${left} more commands; write them in a comment of their own`]
  return bounded([answerMarker(key), ...entries, ...missed, ...more])
}

const maxAnswer = 60_000

function bounded(lines: readonly string[]): string {
  let length = 0
  const end = lines.findIndex((line) => {
    length += line.length + 1
    return length > maxAnswer
  })
  if (end === -1) return lines.join('\n')
  return [
    ...lines.slice(0, end),
    `- ${lines.length - end} more lines have no room here: the command line has all of it`,
  ].join('\n')
}
