import { distance } from 'fastest-levenshtein'
import type { IncidentNumber } from '../model/index.ts'
import { type Command, type UnknownVerb, type Verb, verbs } from './command.ts'
import { incidentNumber, readArguments } from './read-arguments.ts'
import { spokenLines } from './spoken-lines.ts'

/** What a text asked for, in its order. */
export interface ReadCommands {
  readonly commands: readonly Command[]
  readonly unknown: readonly UnknownVerb[]
  /** Commands past the {@link maxCommands}th, which are not read. */
  readonly left: number
}

/** So many commands of one comment are taken. */
export const maxCommands = 10
const maxLine = 8000

/**
 * The commands of a comment: lines that begin with `/` and are said by its author (see `spokenLines`). A line such as
 * `/etc/passwd was read` is neither a command nor an unknown verb. Never throws.
 */
export function readCommands(comment: string): ReadCommands {
  const commands: Command[] = []
  const unknown: UnknownVerb[] = []
  let left = 0
  for (const line of spokenLines(comment)) {
    const [first = '', ...rest] = wordsOf(line)
    const word = first.slice(1)
    if (word === '' || word.includes('/')) continue
    if (commands.length + unknown.length >= maxCommands) {
      left++
      continue
    }
    const verb = verbOf(word)
    if (verb !== null) commands.push(readArguments(verb, rest))
    else unknown.push(unknownVerb(word))
  }
  return { commands, unknown: unknown.filter((one) => one.word !== ''), left }
}

/** What one line asked for, and of which incident where it says so. */
export type ReadCommand =
  | { readonly kind: 'command'; readonly command: Command; readonly incident: IncidentNumber | null }
  | ({ readonly kind: 'unknown' } & UnknownVerb)

/**
 * One command as it stands behind `/soc`: `[INC-17] verb words`, where the incident may also follow the verb (`status INC-17`; of
 * two behind `merge` it is the first). Nothing at all asks for help. Never throws.
 */
export function readCommand(text: string): ReadCommand {
  const words = wordsOf(text)
  const before = subjectOf(words[0])
  const [first, ...rest] = before === null ? words : words.slice(1)
  if (first === undefined) {
    const verb = before === null ? 'help' : 'status'
    return { kind: 'command', command: readArguments(verb, []), incident: before }
  }
  const verb = verbOf(first.replace(/^\//, ''))
  if (verb === null) return { kind: 'unknown', ...unknownVerb(first) }
  const behind = verb === 'merge' && subjectOf(rest[1]) === null ? null : subjectOf(rest[0])
  if (before !== null || behind === null)
    return { kind: 'command', command: readArguments(verb, rest), incident: before }
  return { kind: 'command', command: readArguments(verb, rest.slice(1)), incident: behind }
}

/** The line's words; spaces of any script and control characters part them. */
function wordsOf(line: string): readonly string[] {
  return line
    .slice(0, maxLine)
    .toWellFormed()
    .split(/[\s\p{Cc}]+/u)
    .filter((word) => word !== '')
}

const verbOf = (word: string): Verb | null => verbs.find((one) => one === word.toLowerCase()) ?? null

/** Only with `INC-` or `#`: a bare number may be meant otherwise. */
const subjectOf = (word: string | undefined): IncidentNumber | null =>
  word === undefined || /^\d/.test(word) ? null : incidentNumber(word)

function unknownVerb(word: string): UnknownVerb {
  const shown = word.replace(/[^A-Za-z0-9-]/g, '').slice(0, 40)
  return { word: shown, nearest: nearestVerb(shown) }
}

/** The verb that a word was meant to be, if it is near enough to one. */
export function nearestVerb(word: string): Verb | null {
  const given = word.toLowerCase().slice(0, 40)
  let best: Verb | null = null
  let least = Math.max(2, Math.floor(given.length / 3)) + 1
  for (const verb of verbs) {
    const steps = distance(given, verb)
    if (steps < least && steps < verb.length) {
      best = verb
      least = steps
    }
  }
  return best
}
