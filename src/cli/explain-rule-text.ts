import type { Explained, Meaning, RuleExplanation } from '../core/detect/index.ts'
import { type Decision, formatPlace, type Json, type LogSource, oneLine } from '../core/model/index.ts'

const maxMeanings = 4
const maxFailing = 6
const maxWanted = 4
const maxValue = 160

/** An explanation for a person: verdict first, then log source, condition, searches, each line with what was seen. */
export function explanationText(
  explanation: RuleExplanation,
  { where, occurredAt, overlay }: { where: string; occurredAt: number; overlay: Decision | null },
): string {
  const { rule, fired, logsource, conditions, searches, filters } = explanation
  const place = rule.ref.place === undefined ? '' : `${formatPlace(rule.ref.place)}  `
  return [
    `${mark(fired)} "${oneLine(rule.title, 120)}" ${fired ? 'fires' : `does not fire: ${reasonOf(explanation)}`}`,
    `  rule   ${place}${oneLine(rule.id, 60)}`,
    `  event  ${where}  ${new Date(occurredAt).toISOString()}  ${words(logsource.event)}`,
    '',
    `${mark(logsource.applies)} log source ${words(logsource.rule)}`,
    ...nearest(logsource.meanings).map((one) => meaningLine(one, logsource.event)),
    ...conditions.flatMap(({ text, tree }) => [
      '',
      `${mark(tree.holds)} condition ${oneLine(text, 300)}`,
      ...treeLines(tree, 1),
    ]),
    ...searches.flatMap((one) => ['', ...lines(one, 0)]),
    ...(filters.length > 0 ? [''] : []),
    ...filters.map(filterLine),
    ...(overlay === null ? [] : ['', `· overlay: ${oneLine(overlay.sentence, 400)}`]),
    '',
    '',
  ].join('\n')
}

/** Why a rule did not fire, in one line, and below it the fields that did not hold. */
export function reasonText(explanation: RuleExplanation): readonly string[] {
  const failing = explanation.searches.filter((one) => !one.holds).flatMap(failingFields)
  return [reasonOf(explanation), ...failing.slice(0, maxFailing).flatMap((one) => fieldLines(one, 1))]
}

function failingFields(one: Explained): readonly Explained[] {
  if (one.holds) return []
  return one.kind === 'field' ? [one] : one.parts.flatMap(failingFields)
}

const mark = (holds: boolean) => (holds ? '✓' : '✗')

/** The shortest true answer: where to look first. */
function reasonOf(explanation: RuleExplanation): string {
  const { logsource, conditions } = explanation
  const causes = conditions.every((one) => !one.holds) ? conditions.map(({ tree }) => causeOf(tree, false)) : []
  if (!logsource.applies)
    return `its log source means other events${causes.length > 0 ? ', and the condition does not hold either' : ''}`
  if (causes.length > 0) return oneLine(causes.join('; '), 200)
  const filters = explanation.filters.filter((one) => one.keepsOut)
  return `kept out by the filter ${filters.map((one) => `"${oneLine(one.ref.title, 80)}"`).join(', ')}`
}

/** Why a part of the condition came out as it did, in the names of its searches. */
function causeOf(one: Explained, wanted: boolean): string {
  if (one.kind === 'search') return `${one.label} ${wanted ? 'holds' : 'does not hold'}`
  if (one.kind === 'not') return one.parts.map((part) => causeOf(part, !wanted)).join(', ')
  const deciding = one.parts.filter((part) => part.holds === wanted)
  return [...new Set(deciding.map((part) => causeOf(part, wanted)))].slice(0, 4).join(', ')
}

/** What applies, or else what the event comes nearest to. */
function nearest(meanings: readonly Meaning[]): readonly Meaning[] {
  const applying = meanings.filter((one) => one.applies)
  if (applying.length > 0) return applying.slice(0, maxMeanings)
  return [...meanings].sort((a, b) => a.differs.length - b.differs.length).slice(0, maxMeanings)
}

function meaningLine({ ref, given, differs, unmet, applies }: Meaning, event: LogSource): string {
  const by = ref?.place === undefined ? 'events that carry the same names' : formatPlace(ref.place)
  const why = [
    ...differs.map((member) => `the event has ${member} ${event[member] ?? 'unknown'}, not ${given[member]}`),
    ...(differs.length === 0 && unmet.length > 0 ? [`the condition on ${unmet.join(', ')} does not hold`] : []),
  ]
  return `  ${mark(applies)} ${by}: ${words(given)}${why.length > 0 ? `; ${oneLine(why.join('; '), 300)}` : ''}`
}

function filterLine({ ref, keepsOut }: RuleExplanation['filters'][number]): string {
  const place = ref.place === undefined ? '' : ` (${formatPlace(ref.place)})`
  return `${mark(!keepsOut)} filter "${oneLine(ref.title, 120)}" ${keepsOut ? 'keeps the event out' : 'leaves the event'}${place}`
}

const words = (logsource: LogSource) =>
  oneLine(
    Object.entries(logsource)
      .map(([member, value]) => `${member}: ${value}`)
      .join(', ') || 'any',
    200,
  )

/** The condition down to the names of its searches; a condition that is one name needs no tree. */
function treeLines(tree: Explained, depth: number): string[] {
  if (tree.kind === 'search' && depth === 1) return []
  const parts = tree.parts.flatMap((one) => treeLines(one, depth + 1))
  return [`${indent(depth)}${mark(tree.holds)} ${oneLine(tree.label, 100)}`, ...parts]
}

function lines(one: Explained, depth: number): string[] {
  const place = one.kind === 'search' && one.place !== null ? `  (line ${one.place.line})` : ''
  if (one.kind === 'field') return fieldLines(one, depth)
  return [
    `${indent(depth)}${mark(one.holds)} ${oneLine(one.label, 100)}${place}`,
    ...one.parts.flatMap((part) => lines(part, depth + 1)),
  ]
}

function fieldLines({ label, holds, wanted, seen }: Explained, depth: number): string[] {
  const held = wanted.filter((one) => one.holds)
  const shown = held.length > 0 && held.length < wanted.length ? held : wanted
  const list = shown.slice(0, maxWanted).map((one) => value(one.value))
  const rest = wanted.length - list.length
  const others = rest > 0 ? `, and ${rest} more${shown === held ? ' that did not hold' : ''}` : ''
  const head = `${indent(depth)}${mark(holds)} ${oneLine(label, 100)}: ${list.join(', ')}${others}`
  if (seen === null) return [head]
  const under = seen.under === null ? '' : ` (the event's ${oneLine(seen.under, 60)})`
  const more = seen.count > seen.values.length ? `, and ${seen.count - seen.values.length} more` : ''
  const what = !seen.present
    ? 'the event has no such field'
    : seen.count === 0
      ? 'nothing'
      : seen.values.map(value).join(', ')
  return [head, `${indent(depth + 1)}  seen${under}: ${what}${more}`]
}

const indent = (depth: number) => '  '.repeat(depth)
/** Text as it is: a path with its backslashes doubled is hard to read, and a space at the end of a value is part of it. */
const value = (one: Json) => oneLine(typeof one === 'string' ? `"${one}"` : JSON.stringify(one), maxValue)
