import { styleText } from 'node:util'
import { tacticOrder } from '../core/correlate/index.ts'
import { type Contribution, explanationOf, formatPlace, type Observable, severityName } from '../core/model/index.ts'
import { groupsText } from '../core/policy/index.ts'
import type { ApprovalView, CaseFile, EffectView } from './read.ts'
import { cell, columnsOf, plain, wrap } from './terminal.ts'
import { duration, factText, measures, saidSeverity, signed, utc, words } from './wording.ts'

export interface TextOptions {
  /** Width of the terminal; nothing is wider. */
  readonly columns: number
  readonly colour: boolean
  /** Lines of a list before the rest is only counted. */
  readonly rows: number
}

type Style = Parameters<typeof styleText>[0]
type Paint = (style: Style, text: string) => string

const severityStyle: Readonly<Record<string, Style>> = {
  CRITICAL: ['bold', 'white', 'bgRed'],
  HIGH: ['bold', 'red'],
  MEDIUM: ['bold', 'yellow'],
  LOW: 'green',
}

/**
 * An incident for a terminal: what happened, why it has its score, its story, what was and is to be done. Every text
 * that came from events is cleared of control characters.
 */
export function renderIncidentText(file: CaseFile, options: Partial<TextOptions> = {}): string {
  const { columns: wanted = 100, colour = false, rows = 40 } = options
  const columns = Math.max(60, wanted)
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const sections = [head(file, columns, paint), happened(file, columns), score(file, columns, paint)]
  const lists: readonly (readonly [string, Entries])[] = [
    ['TIMELINE', timeline(file, columns)],
    ['ALERTS', alerts(file, columns)],
    ['KNOWN ABOUT IT', known(file, columns)],
    ['RESPONSE', response(file, columns)],
    ['TASKS', tasks(file, columns)],
  ]
  for (const [title, entries] of lists) {
    if (entries.length === 0) continue
    const shown = firstOf(entries, rows)
    const unread = title === 'ALERTS' ? Math.max(0, file.incident.alertCount - file.alerts.length) : 0
    const more = entries.length - shown.length + unread
    sections.push([paint('bold', title), ...shown.flat(), ...(more > 0 ? [`  and ${more} more`] : [])])
  }
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`
}

/** Entries of a list, each of one or more lines. */
type Entries = readonly (readonly string[])[]

/** The first entries that fit into so many lines; at least one. */
function firstOf(entries: Entries, rows: number): Entries {
  let lines = 0
  const end = entries.findIndex((entry) => {
    lines += entry.length
    return lines > rows
  })
  return end === -1 ? entries : entries.slice(0, Math.max(1, end))
}

function head(file: CaseFile, columns: number, paint: Paint): readonly string[] {
  const { incident } = file
  const { assessment } = incident
  const grade = assessment === null ? 'not scored' : `${assessment.severity} ${assessment.score}/100`
  const style = severityStyle[assessment?.severity ?? ''] ?? 'bold'
  const status = incident.mergedInto === null ? incident.status : `merged into ${incident.mergedInto}`
  const tactics = tacticOrder.filter((one) => incident.tactics.includes(one)).map(words)
  const field = (name: string, text: string) =>
    text === '' ? [] : hang(`  ${name.padEnd(11)}`, wrap(text, columns - 13))
  const values = (of: readonly Observable[]) =>
    some(
      of.map((one) => plain(one.value, 80)),
      12,
    )
  const role = (name: Observable['role']) => incident.observables.filter((one) => one.role === name)
  return [
    `${paint('bold', `Incident ${incident.number}`)}  ${paint(style, ` ${grade} `)}  ${status}${incident.verdict === null ? '' : `, ${incident.verdict}`}`,
    ...wrap(plain(incident.title), columns).map((line) => paint('bold', line)),
    '',
    ...field(
      'first',
      `${utc(incident.firstAt)} UTC, last ${utc(incident.lastAt)} (${duration(incident.lastAt - incident.firstAt)})`,
    ),
    ...field(
      'severity',
      assessment?.said === undefined
        ? ''
        : plain(`${assessment.severity}, ${saidSeverity(assessment.said, assessment.score)}`, 500),
    ),
    ...field('owner', incident.owner === null ? 'nobody' : plain(incident.owner, 80)),
    ...field('milestone', plain(incident.milestone ?? '', 200)),
    ...field(
      'sources',
      some(
        incident.sources.map((one) => plain(one, 40)),
        12,
      ),
    ),
    ...field('attacker', values(role('attacker'))),
    ...field('targets', values(role('target'))),
    ...field('tactics', tactics.join(' > ')),
    ...field(
      'techniques',
      some(
        incident.techniques.map((one) => plain(one, 20)),
        16,
      ),
    ),
    ...field(
      'work',
      measures(file)
        .flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${duration(ms)}`]))
        .join(', '),
    ),
  ]
}

function happened({ incident: { assessment } }: CaseFile, columns: number): readonly string[] {
  if (assessment === null) return []
  return [
    ...wrap(plain(explanationOf(assessment), 2000), columns),
    ...hang('-> ', wrap(plain(assessment.recommendation, 1000), columns - 3)),
  ]
}

function score({ incident: { assessment } }: CaseFile, columns: number, paint: Paint): readonly string[] {
  if (assessment === null) return []
  const sum = assessment.contributions.reduce((total, one) => total + one.points, 0)
  const clamped = sum === assessment.score ? '' : `, bounded to ${assessment.score}`
  return [
    `${paint('bold', 'WHY THIS SCORE')} (${assessment.contributions.map((one) => signed(one.points)).join(' ') || 'nothing counted'} = ${sum}${clamped})`,
    ...assessment.contributions.flatMap((one) => contribution(one, columns)),
  ]
}

function contribution({ name, points, decision }: Contribution, columns: number): readonly string[] {
  const place = plain(decision.rule.place === undefined ? decision.rule.id : formatPlace(decision.rule.place))
  const placeColumns = Math.min(columnsOf(place), columns >> 1)
  const facts = decision.facts.map((fact) => plain(factText(fact), 240))
  return [
    `  ${signed(points).padStart(4)}  ${cell(plain(name), columns - 10 - placeColumns)}  ${cell(place, placeColumns)}`,
    ...hang('        ', wrap(facts.join(', ') || plain(decision.sentence), columns - 8)),
  ]
}

function timeline({ timeline }: CaseFile, columns: number): Entries {
  let day = ''
  return timeline.map((entry) => {
    const [date = '', clock = ''] = utc(entry.at).split(' ')
    const lead = date === day ? [] : [`  ${date}`]
    day = date
    const lines = wrap(plain(entry.sentence, 600), columns - 28)
    return [...lead, ...hang(`  ${clock.padEnd(8)}  ${cell(plain(entry.actor), 14)}  `, lines)]
  })
}

function alerts({ alerts }: CaseFile, columns: number): Entries {
  return alerts.map((one) => {
    const count = one.count > 1 ? ` (${one.count} times)` : ''
    const start = `  ${utc(one.firstAt).slice(11)}  ${cell(severityName(one.severity), 13)} ${cell(plain(one.source), 14)} `
    const line = start + cell(plain(one.title) + count, columns - columnsOf(start))
    const found = one.finding === undefined ? [] : wrap(plain(one.finding.sentence, 600), columns - 9)
    return [line, ...hang('         ', found)]
  })
}

function known({ incident }: CaseFile, columns: number): Entries {
  return incident.enrichments.map((one) =>
    hang(`  ${cell(one.verdict, 10)}`, wrap(`${plain(one.sentence)} (${plain(one.provider, 40)})`, columns - 12)),
  )
}

function response({ runs, effects, approvals }: CaseFile, columns: number): Entries {
  return [
    ...runs.flatMap((run) => [
      hang('  ', wrap(`playbook ${plain(run.playbook, 60)}: ${run.status}. ${plain(run.why)}`, columns - 2)),
      ...run.steps.map((step) =>
        hang(`    ${cell(step.status, 10)}`, wrap(`${plain(step.path, 60)}: ${plain(step.sentence)}`, columns - 14)),
      ),
    ]),
    ...approvals
      .filter((one) => one.status === 'pending')
      .map((one) => hang('  waits     ', wrap(approvalLine(one), columns - 12))),
    ...effects.map((one) => hang(`  ${cell(outcomeOf(one), 10)}`, wrap(effectLine(one), columns - 12))),
  ]
}

/** What became of an effect, in a word. */
export function outcomeOf(effect: EffectView): string {
  return effect.mode === 'simulate' && effect.outcome === 'done' ? 'simulated' : (effect.outcome ?? 'open')
}

function approvalLine(one: ApprovalView): string {
  const who = groupsText(one, (role) => plain(role, 40))
  return `${plain(one.action, 60)} on ${plain(one.target, 120)} until ${utc(one.expiresAt)}, approval by ${who}: gitsoc approve ${plain(one.id, 40)}`
}

function effectLine(one: EffectView): string {
  const approved =
    one.approvedBy.length > 0 ? `, approved by ${one.approvedBy.map((name) => plain(name, 40)).join(', ')}` : ''
  const until = one.expiresAt === null ? '' : `, until ${utc(one.expiresAt)}`
  const undo = one.irreversible === null ? '' : `, cannot be undone: ${plain(one.irreversible, 120)}`
  return `${plain(one.action, 60)} on ${plain(one.target, 120)} (${one.effect}${approved}${until}${undo})`
}

function tasks({ tasks }: CaseFile, columns: number): Entries {
  return tasks.map((one) => {
    const by = one.doneBy === null ? '' : ` (done by ${plain(one.doneBy, 40)})`
    return hang(
      `  ${String(one.n).padStart(2)} [${one.state === 'done' ? 'x' : ' '}] `,
      wrap(plain(one.title) + by, columns - 9),
    )
  })
}

/** The first line behind the prefix, the others under it. */
function hang(prefix: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? prefix : ' '.repeat(prefix.length)) + line)
}

function some(values: readonly string[], limit: number): string {
  const distinct = [...new Set(values)]
  const more = distinct.length > limit ? ` and ${distinct.length - limit} more` : ''
  return distinct.slice(0, limit).join(', ') + more
}
