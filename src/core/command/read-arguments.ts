import {
  didYouMean,
  type IncidentNumber,
  type IncidentSeverity,
  type ObservableType,
  observableTypes,
  oneLine,
  type Verdict,
  verdicts,
} from '../model/index.ts'
import { type Command, type SettableStatus, type Verb, verbs } from './command.ts'
import { usageOf } from './verb-table.ts'

const maxText = 2000
const maxInputs = 30
const maxAlerts = 50
const settable: readonly SettableStatus[] = ['acknowledged', 'contained', 'resolved']
const severities: readonly IncidentSeverity[] = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']

/** The command of a verb and the words that follow it; `unclear` where they are not what it takes. */
export function readArguments(verb: Verb, words: readonly string[]): Command {
  return readers[verb](words)
}

type Reader = (words: readonly string[]) => Command

const text = (words: readonly string[], from = 0) => oneLine(words.slice(from).join(' '), maxText)
const unclear = (of: Verb, problem: string): Command => ({ verb: 'unclear', of, problem })
const missing = (of: Verb, what: string) => unclear(of, `${what} is missing: write ${usageOf(of)}`)
const wrong = (of: Verb, word: string, known: readonly string[]) => {
  const near = didYouMean(word.toLowerCase(), known)
  return unclear(of, `"${oneLine(word, 40)}" is none of ${known.join(', ')}${near === undefined ? '' : `: ${near}`}`)
}

const readers: Readonly<Record<Verb, Reader>> = {
  approve: (words) => answerOf('approve', words),
  deny(words) {
    const answer = answerOf('deny', words)
    return answer.reason === '' ? missing('deny', 'the reason') : answer
  },
  ack: (words) => ({ verb: 'ack', reason: text(words) }),
  assign(words) {
    const [to, ...more] = words
    if (to === undefined) return missing('assign', 'who it goes to')
    if (more.length > 0) return unclear('assign', 'one name is enough: an id, @login, a mail address, me or nobody')
    return { verb: 'assign', to: to.toLowerCase() === 'nobody' ? null : to.toLowerCase() === 'me' ? 'me' : text([to]) }
  },
  milestone(words) {
    if (words.length === 0) return missing('milestone', 'the name')
    const isNone = words.length === 1 && words[0]?.toLowerCase() === 'none'
    return { verb: 'milestone', milestone: isNone ? null : text(words) }
  },
  status(words) {
    const [first] = words
    if (first === undefined) return { verb: 'status', status: null, reason: '' }
    const status = settable.find((one) => one === first.toLowerCase())
    if (status === undefined)
      return first.toLowerCase() === 'closed'
        ? unclear('status', 'an incident is closed with /close and a verdict')
        : wrong('status', first, settable)
    return { verb: 'status', status, reason: text(words, 1) }
  },
  severity(words) {
    const [first] = words
    if (first === undefined) return missing('severity', 'the severity')
    const reason = text(words, 1)
    if (first.toLowerCase() === 'machine') return { verb: 'severity', severity: null, reason }
    const severity = severities.find((one) => one === first.toUpperCase())
    if (severity === undefined)
      return wrong('severity', first, [...severities.map((one) => one.toLowerCase()), 'machine'])
    return reason === '' ? missing('severity', 'the reason') : { verb: 'severity', severity, reason }
  },
  verdict(words) {
    const [first] = words
    if (first === undefined) return missing('verdict', 'the verdict')
    const verdict = verdictOf(first)
    return verdict === undefined
      ? wrong('verdict', first, verdicts)
      : { verb: 'verdict', verdict, reason: text(words, 1) }
  },
  note: (words) => (words.length === 0 ? missing('note', 'the text') : { verb: 'note', text: text(words) }),
  task(words) {
    const [first, second, ...more] = words
    if (first === undefined) return missing('task', 'the title')
    const word = first.toLowerCase()
    if ((word !== 'done' && word !== 'reopen') || more.length > 0) return { verb: 'task', title: text(words) }
    const n = /^#?(\d{1,9})$/.exec(second ?? '')?.[1]
    if (n !== undefined) return { verb: 'task', n: Number(n), state: word === 'done' ? 'done' : 'open' }
    return second === undefined ? missing('task', 'the number of the task') : { verb: 'task', title: text(words) }
  },
  run: readRun,
  cancel: (words) => runOf('cancel', words),
  rollback: (words) => runOf('rollback', words),
  merge(words) {
    const other = incidentNumber(words[0] ?? '')
    if (words.length === 0) return missing('merge', 'the other incident')
    return other === null
      ? unclear('merge', `"${oneLine(words[0] ?? '', 40)}" is no incident: write INC-4`)
      : { verb: 'merge', other, reason: text(words, 1) }
  },
  split(words) {
    const end = words.findIndex((word) => !/^al-/i.test(word))
    const alerts = words.slice(0, end === -1 ? words.length : end).map((one) => one.toLowerCase())
    if (alerts.length === 0) return missing('split', 'the alert')
    if (alerts.length > maxAlerts) return unclear('split', `at most ${maxAlerts} alerts at once`)
    const bad = alerts.find((one) => !/^al-[0-9a-z]{1,40}$/.test(one))
    if (bad !== undefined) return unclear('split', `"${oneLine(bad, 40)}" is no id of an alert: write al-7h2m`)
    const reason = text(words, alerts.length)
    return reason === '' ? missing('split', 'the reason') : { verb: 'split', alerts: [...new Set(alerts)], reason }
  },
  indicator: readIndicator,
  similar: (words) => bare('similar', words),
  why: (words) => bare('why', words),
  timeline(words) {
    const [first] = words
    if (first === undefined) return { verb: 'timeline', count: 15 }
    const count = /^\d{1,4}$/.test(first) ? Number(first) : 0
    return count === 0
      ? unclear('timeline', 'how many entries is a whole number from 1')
      : { verb: 'timeline', count: Math.min(count, 50) }
  },
  close(words) {
    const verdict = verdictOf(words[0] ?? '') ?? null
    return { verb: 'close', verdict, reason: text(words, verdict === null ? 0 : 1) }
  },
  help(words) {
    const word = (words[0] ?? '').toLowerCase().replace(/^\//, '')
    return { verb: 'help', about: verbs.find((one) => one === word) ?? null }
  },
}

const verdictOf = (word: string): Verdict | undefined => verdicts.find((one) => one === word.toLowerCase())

function bare(verb: 'similar' | 'why', words: readonly string[]): Command {
  return words.length === 0 ? { verb } : unclear(verb, `nothing follows /${verb}`)
}

/** An approval is named first where it is: `ap-…`, or at least eight digits of its digest. What is neither belongs to the reason. */
function answerOf(
  verb: 'approve' | 'deny',
  words: readonly string[],
): Extract<Command, { readonly verb: 'approve' | 'deny' }> {
  const first = (words[0] ?? '').toLowerCase()
  const isNamed = /^ap-[0-9a-z]{4,40}$/.test(first) || (/^[0-9a-f]{8,64}$/.test(first) && /\d/.test(first))
  return { verb, approval: isNamed ? first : null, reason: text(words, isNamed ? 1 : 0) }
}

const runForm = /^(?:run-[0-9a-z]{1,40}|[a-z0-9]+(?:-[a-z0-9]+)+)$/

/** A run is named first where it is: `run-…`, or its playbook. A word without a hyphen begins the reason. */
function runOf(verb: 'cancel' | 'rollback', words: readonly string[]): Command {
  const first = (words[0] ?? '').toLowerCase()
  const isNamed = runForm.test(first)
  return { verb, run: isNamed ? first : null, reason: text(words, isNamed ? 1 : 0) }
}

/** The number of an incident as people write it: `INC-17`, `#17` or `17`; null for anything else. */
export function incidentNumber(word: string): IncidentNumber | null {
  const digits = /^(?:inc-?|#)?(\d{1,9})$/i.exec(word)?.[1]
  return digits === undefined || Number(digits) === 0 ? null : Number(digits)
}

function readRun(words: readonly string[]): Command {
  const [playbook] = words
  if (playbook === undefined) return missing('run', 'the playbook')
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(playbook))
    return unclear('run', `"${oneLine(playbook, 60)}" is no id of a playbook`)
  const parts = quotedWords(words.slice(1).join(' '))
  if (parts === null) return unclear('run', 'a quotation mark is not closed')
  const inputs: [string, string][] = []
  const said: string[] = []
  for (const part of parts) {
    const [, name, value] = /^([A-Za-z_][\w.-]{0,62})=(.*)$/s.exec(part) ?? []
    if (name === undefined || value === undefined) said.push(part)
    else inputs.push([name, value])
  }
  if (inputs.length > maxInputs) return unclear('run', `at most ${maxInputs} inputs`)
  const twice = inputs.find(([name], index) => inputs.findIndex((one) => one[0] === name) < index)
  if (twice !== undefined) return unclear('run', `the input "${twice[0]}" is given twice`)
  return { verb: 'run', playbook, inputs, reason: text(said) }
}

/** Words in which `"…"`, at the beginning or behind `name=`, holds spaces together; a backslash in it takes the next character as it is. Null = a mark is not closed. */
function quotedWords(line: string): readonly string[] | null {
  const found: string[] = []
  let word: string | null = null
  let isQuoted = false
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string
    if (isQuoted && character === '\\' && at + 1 < line.length) word = `${word ?? ''}${line[++at]}`
    else if (character === '"' && (isQuoted || word === null || /^[A-Za-z_][\w.-]*=$/.test(word))) {
      isQuoted = !isQuoted
      word ??= ''
    } else if (character === ' ' && !isQuoted) {
      if (word !== null) found.push(word)
      word = null
    } else word = `${word ?? ''}${character}`
  }
  if (isQuoted) return null
  return word === null ? found : [...found, word]
}

function readIndicator(words: readonly string[]): Command {
  const [value, ...rest] = words
  if (value === undefined) return missing('indicator', 'the value')
  let type: ObservableType | null = null
  let days: number | null = null
  let taken = 0
  for (const word of rest.slice(0, 2)) {
    const known = observableTypes.find((one) => one === word.toLowerCase())
    const length = /^(\d{1,4})d$/i.exec(word)?.[1]
    if (known !== undefined && type === null) type = known
    else if (length !== undefined && days === null) days = Number(length)
    else break
    taken++
  }
  if (days === 0) return unclear('indicator', 'it holds for at least one day: write 1d')
  const reason = text(rest, taken)
  return reason === ''
    ? missing('indicator', 'the reason')
    : { verb: 'indicator', value: text([value]), type, days, reason }
}
