import {
  type CaseFile,
  code,
  duration,
  type EffectView,
  outcomeOf,
  prose,
  signed,
  table,
  utc,
} from '../../cases/index.ts'
import { type Observable, observableKey, severityName } from '../../core/model/index.ts'
import type { Section } from './fit-sections.ts'
import { type Links, placeLink } from './links.ts'
import { timelineRows } from './timeline-rows.ts'

const more = (what: string) => (count: number) => `${count} more ${what} are not shown here.`

function tableSection(
  title: string,
  head: readonly string[],
  cells: readonly (readonly string[])[],
  keep: number,
  what: string,
): Section {
  const [heading = '', rule = ''] = table(head, [])
  return {
    head: cells.length === 0 ? [] : [`### ${title}`, '', heading, rule],
    rows: cells.map((row) => `| ${row.join(' | ')} |`),
    tail: [],
    keep,
    cut: more(what),
  }
}

function listSection(title: string, rows: readonly string[], keep: number, what: string): Section {
  return { head: rows.length === 0 ? [] : [`### ${title}`, ''], rows, tail: [], keep, cut: more(what) }
}

/** Who and what it is about, attackers first, with what is known. */
export function entitySection({ incident }: CaseFile): Section {
  const order: readonly Observable['role'][] = ['attacker', 'target', 'related']
  const known = Map.groupBy(incident.enrichments, (one) => one.observable)
  const cells = incident.observables
    .toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
    .map((one) => [
      one.role,
      one.type,
      code(one.value, 160),
      (known.get(observableKey(one)) ?? [])
        .map((note) => `${note.verdict === 'context' ? '' : `**${note.verdict}**: `}${prose(note.sentence, 200)}`)
        .join('<br>'),
    ])
  return tableSection('Who and what', ['role', 'type', 'value', 'known about it'], cells, 4, 'of them')
}

/** Where the score comes from. */
export function scoreSection({ incident: { assessment } }: CaseFile, links: Links | null): Section {
  const cells = (assessment?.contributions ?? []).map((one) => [
    signed(one.points),
    // The sentence of the rule; the place stands in its own column.
    prose(one.decision.sentence.replace(/ \([^()]*:\d+:\d+\)$/, ''), 160),
    one.decision.facts.map((fact) => code(`${fact.name} = ${textOf(fact.value)}`, 160)).join('<br>'),
    one.decision.rule.place === undefined ? code(one.decision.rule.id) : placeLink(one.decision.rule.place, links),
  ])
  const title = `Why ${assessment?.score ?? 0}`
  return tableSection(title, ['points', 'because', 'facts', 'rule'], cells, 5, 'reasons')
}

const textOf = (value: unknown) =>
  Array.isArray(value) ? value.map(String).join(', ') : typeof value === 'string' ? value : JSON.stringify(value)

const shownEntries = 60

/** The story, oldest first: its beginning and its newest entries. */
export function timelineSection(file: CaseFile): Section {
  const timeline = timelineRows(file.timeline)
  const begin = timeline.length > shownEntries ? timeline.slice(0, 10) : timeline
  const end = timeline.length > shownEntries ? timeline.slice(10 - shownEntries) : []
  const row = (one: CaseFile['timeline'][number]) => [utc(one.at), prose(one.actor, 40), prose(one.sentence, 300)]
  const left = timeline.length - begin.length - end.length
  // The newest come first where rows have to go: the list is cut from its end.
  const cells = [
    ...end.toReversed().map(row),
    ...(left > 0 ? [['', '', `*${left} entries between*`]] : []),
    ...begin.toReversed().map(row),
  ]
  return tableSection('Timeline, newest first', ['time (UTC)', 'who', 'what'], cells, 3, 'entries')
}

/** The alerts behind it. */
export function alertSection({ incident, alerts }: CaseFile): Section {
  const cells = alerts
    .slice(0, 100)
    .map((one) => [
      utc(one.firstAt),
      severityName(one.severity),
      prose(one.source, 40),
      prose(one.title, 160),
      String(one.count),
      one.techniques.map((id) => code(id, 20)).join(' '),
      code(one.id),
    ])
  const section = tableSection(
    'Alerts',
    ['first', 'severity', 'source', 'alert', 'times', 'techniques', 'id'],
    cells,
    2,
    'alerts',
  )
  const left = incident.alertCount - cells.length
  return left > 0 && cells.length > 0 ? { ...section, tail: ['', `${left} more alerts are not shown here.`] } : section
}

/** What holds, what was done, and what playbooks are doing. */
export function responseSection({ containments, effects, runs }: CaseFile): Section {
  const holding = new Set(containments.map((one) => one.effect))
  const rows = [
    ...containments.map(
      (one) =>
        `- **Holds**${one.mode === 'simulate' ? ' (simulated)' : ''}: ${code(one.action)} on ${code(one.target, 160)} since ${utc(one.since)}${one.until === null ? '' : `, until ${utc(one.until)}`}${one.approvedBy.length === 0 ? '' : `, approved by ${one.approvedBy.map((name) => prose(name, 60)).join(', ')}`}${one.irreversible === null ? '' : `; cannot be undone: ${prose(one.irreversible, 160)}`}`,
    ),
    ...effects.filter((one) => !holding.has(one.id) && one.effect !== 'read').map(effectRow),
    ...runs.map((run) => `- Playbook ${code(run.playbook)}, ${run.status}: ${prose(run.why, 200)}`),
  ]
  return listSection('Response', rows, 6, 'lines')
}

function effectRow(one: EffectView): string {
  const approved =
    one.approvedBy.length === 0 ? '' : `, approved by ${one.approvedBy.map((name) => prose(name, 60)).join(', ')}`
  return `- ${outcomeOf(one)}: ${code(one.action)} on ${code(one.target, 160)} at ${utc(one.intendedAt)}${approved}`
}

/** What is left to people; the boxes show how it stands, `/task done 1` changes it. */
export function taskSection({ tasks }: CaseFile): Section {
  const rows = tasks.map(
    (one) =>
      `- ${one.state === 'done' ? `done: ${prose(one.title)} (${prose(one.doneBy ?? '', 60)}, ${utc(one.doneAt)})` : `**${one.n}** ${prose(one.title)}`}`,
  )
  return listSection('Tasks', rows, 7, 'tasks')
}

/** How long things took. */
export function measuresLine({ incident: { times } }: CaseFile): string {
  const { detectedAt, occurredAt, acknowledgedAt, containedAt, resolvedAt } = times
  const since = (name: string, at: number | null) =>
    at === null ? [] : [`${name} ${duration(Math.max(0, at - detectedAt))} later`]
  return [
    `Detected ${duration(Math.max(0, detectedAt - occurredAt))} after it began`,
    ...since('acknowledged', acknowledgedAt),
    ...since('contained', containedAt),
    ...since('resolved', resolvedAt),
  ].join(', ')
}
