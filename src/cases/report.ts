import { tacticOrder } from '../core/correlate/index.ts'
import {
  type Decision,
  explanationOf,
  formatPlace,
  type Observable,
  observableKey,
  severityName,
} from '../core/model/index.ts'
import { containmentText } from './containment-file.ts'
import type { Evidence } from './evidence.ts'
import { outcomeOf } from './incident-text.ts'
import { code, prose, table } from './markdown.ts'
import type { CaseFile } from './read.ts'
import { duration, factText, measures, saidSeverity, signed, utc, words } from './wording.ts'

/** The files of an incident's folder, by name. */
export type ReportFiles = Readonly<Record<'report.md' | 'report.json' | 'containment.yaml' | 'evidence.json', string>>

/**
 * The report of an incident: for people (Markdown), for machines (JSON), what was done to contain it and how to take it
 * back (YAML), and the index of the evidence. A pure function of the case: the same case gives the same bytes.
 */
export function reportOf(file: CaseFile, evidence: readonly Evidence[]): ReportFiles {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  const { events: _, ...rest } = file
  return {
    'report.md': markdownOf(file, evidence),
    'report.json': json({
      format: 'gitsoc-incident-report',
      version: 1,
      ...rest,
      measures: Object.fromEntries(measures(file)),
    }),
    'containment.yaml': containmentText(file.incident.number, file.containments),
    'evidence.json': json({
      format: 'gitsoc-evidence-index',
      version: 1,
      incident: file.incident.number,
      events: evidence,
    }),
  }
}

/** The report as Markdown; every text of an event is escaped or in a code span. */
export function markdownOf(file: CaseFile, evidence: readonly Evidence[]): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['Why this score', scoreOf(file)],
    ['Timeline', timelineOf(file)],
    ['Alerts', alertsOf(file)],
    ['Observables', observablesOf(file)],
    ['Actions and approvals', actionsOf(file)],
    ['Decisions', decisionsOf(file)],
    ['Tasks', tasksOf(file)],
    ['Measures', measures(file).map(([name, ms]) => `- ${name}: ${duration(ms)}`)],
    ['Evidence', evidenceOf(evidence)],
  ]
  const sections = parts
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([title, lines]) => ['', `## ${title}`, '', ...lines])
  return `${[...summaryOf(file), ...sections].join('\n')}\n`
}

function summaryOf(file: CaseFile): readonly string[] {
  const { incident } = file
  const { assessment } = incident
  const tactics = tacticOrder.filter((one) => incident.tactics.includes(one)).map(words)
  const rows: readonly (readonly [string, string])[] = [
    [
      'Severity',
      assessment === null
        ? 'not scored'
        : `**${assessment.severity}**, score ${assessment.score} of 100${assessment.said === undefined ? '' : ` (${prose(saidSeverity(assessment.said, assessment.score), 600)})`}`,
    ],
    ['Status', `${incident.status}${incident.verdict === null ? '' : `, ${incident.verdict}`}`],
    ['Owner', incident.owner === null ? 'nobody' : prose(incident.owner)],
    ...(incident.milestone === null ? [] : [['Milestone', prose(incident.milestone)] as const]),
    [
      'First and last event',
      `${utc(incident.firstAt)} to ${utc(incident.lastAt)} UTC (${duration(incident.lastAt - incident.firstAt)})`,
    ],
    [
      'Signals',
      `${incident.signalCount} in ${incident.alertCount} alerts from ${incident.sources.map((one) => prose(one)).join(', ')}`,
    ],
    ['Tactics', tactics.map((one) => prose(one)).join(', ')],
    ['Techniques', incident.techniques.map((one) => code(one)).join(' ')],
  ]
  return [
    `# Incident ${incident.number}: ${prose(incident.title)}`,
    '',
    ...table(
      ['', ''],
      rows.filter(([, text]) => text !== ''),
    ),
    ...(assessment === null
      ? []
      : ['', prose(explanationOf(assessment), 3000), '', `**Recommended:** ${prose(assessment.recommendation, 1000)}`]),
  ]
}

function scoreOf({ incident: { assessment } }: CaseFile): readonly string[] {
  if (assessment === null) return []
  const sum = assessment.contributions.reduce((total, one) => total + one.points, 0)
  return [
    ...table(
      ['points', 'because', 'facts', 'rule'],
      assessment.contributions.map((one) => [
        signed(one.points),
        prose(one.name),
        factsOf(one.decision),
        ruleOf(one.decision),
      ]),
    ),
    '',
    sum === assessment.score ? `Together ${sum}.` : `Together ${sum}, bounded to ${assessment.score}.`,
  ]
}

const factsOf = (decision: Decision) => decision.facts.map((fact) => code(factText(fact), 240)).join('<br>')

const ruleOf = ({ rule }: Decision) =>
  rule.place === undefined ? `built-in ${code(rule.id)}` : code(formatPlace(rule.place))

function timelineOf({ timeline }: CaseFile): readonly string[] {
  if (timeline.length === 0) return []
  return table(
    ['time (UTC)', 'who', 'what'],
    timeline.map((one) => [utc(one.at), prose(one.actor, 60), prose(one.sentence, 600)]),
  )
}

function alertsOf({ incident, alerts }: CaseFile): readonly string[] {
  if (alerts.length === 0) return []
  const left = incident.alertCount - alerts.length
  const rows = table(
    ['first', 'severity', 'source', 'alert', 'times', 'techniques', 'id'],
    alerts.map((one) => [
      utc(one.firstAt),
      severityName(one.severity),
      prose(one.source, 60),
      prose(one.title),
      String(one.count),
      one.techniques.map((id) => code(id)).join(' '),
      code(one.id),
    ]),
  )
  return left > 0 ? [...rows, '', `The incident has ${left} more alerts.`] : rows
}

function observablesOf({ incident }: CaseFile): readonly string[] {
  if (incident.observables.length === 0) return []
  const order: readonly Observable['role'][] = ['attacker', 'target', 'related']
  const known = Map.groupBy(incident.enrichments, (one) => one.observable)
  return table(
    ['role', 'type', 'value', 'known about it'],
    incident.observables
      .toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
      .map((one) => [
        one.role,
        one.type,
        code(one.value),
        (known.get(observableKey(one)) ?? [])
          .map((note) => `${note.verdict === 'context' ? '' : `**${note.verdict}**: `}${prose(note.sentence, 200)}`)
          .join('<br>'),
      ]),
  )
}

function actionsOf({ runs, effects, approvals }: CaseFile): readonly string[] {
  const done = effects.map((one) => [
    utc(one.intendedAt),
    code(one.action),
    code(one.target),
    one.effect,
    outcomeOf(one),
    one.approvedBy.length > 0 ? one.approvedBy.map((name) => prose(name, 60)).join(', ') : 'not needed',
    one.irreversible === null ? (one.rollback === null ? '' : 'yes') : `no: ${prose(one.irreversible, 200)}`,
  ])
  const answers = approvals.map((one) => {
    const given = one.answers.map(
      (answer) =>
        `${prose(answer.actor, 60)} ${saidOf(answer.answer)} at ${utc(answer.at)}${answer.reason === '' ? '' : `: ${prose(answer.reason)}`}`,
    )
    return `- Approval ${code(one.id)} of ${code(one.action)} on ${code(one.target)}, ${one.status}: ${given.join('; ') || 'nobody has answered'}`
  })
  const lists = [
    ...runs.map(
      (run) => `- Playbook ${code(run.playbook)} at ${code(run.commit.slice(0, 12))}, ${run.status}: ${prose(run.why)}`,
    ),
    ...answers,
  ]
  const head = ['time (UTC)', 'action', 'target', 'effect', 'outcome', 'approved by', 'can be undone']
  return done.length === 0 ? lists : [...lists, ...(lists.length > 0 ? [''] : []), ...table(head, done)]
}

/** An answer in a word; the options of questions say themselves. */
const saidOf = (answer: string) =>
  ({ approve: 'approved', deny: 'denied', revoked: 'approved and took it back' })[answer] ?? prose(answer, 60)

function decisionsOf({ incident }: CaseFile): readonly string[] {
  return incident.decisions.map((one) => {
    const told = one.rule.place !== undefined && one.sentence.includes(formatPlace(one.rule.place))
    return `- ${prose(one.sentence, 600)}${told ? '' : ` (${ruleOf(one)})`}`
  })
}

function tasksOf({ tasks }: CaseFile): readonly string[] {
  return tasks.map(
    (one) =>
      `- [${one.state === 'done' ? 'x' : ' '}] ${prose(one.title)}${one.doneBy === null ? '' : ` (${prose(one.doneBy, 60)}, ${utc(one.doneAt)})`}`,
  )
}

function evidenceOf(evidence: readonly Evidence[]): readonly string[] {
  if (evidence.length === 0) return []
  const deliveries = new Set(evidence.map((one) => one.seq)).size
  const events = new Set(evidence.map((one) => one.event)).size
  return [
    `${events} events in ${deliveries} deliveries are indexed in [evidence.json](evidence.json) with the number of the delivery, the position in it and the SHA-256 of the delivery as it was received.`,
  ]
}
