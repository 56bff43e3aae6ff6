import {
  type Decision,
  type Fact,
  formatPlace,
  isObject,
  type Json,
  type RuleRef,
  severityName,
} from '../core/model/index.ts'
import type { CaseFile } from './read.ts'
import { plain, wrap } from './terminal.ts'
import type { WhyAlert } from './why-alert.ts'
import { factText, gradeOf, signed, utc } from './wording.ts'

/** Why an incident is what it is: grouping, score, playbooks and gates, each with its rule, place and the facts seen. */
export function explainIncidentText(file: CaseFile, columns = 100): string {
  const { incident, runs, effects, approvals } = file
  const { assessment } = incident
  const grade = plain(gradeOf(assessment), 500)
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Why these alerts are one incident', incident.decisions.flatMap((one) => decisionLines(one, columns))],
    [
      'Why it has this score',
      (assessment?.contributions ?? []).flatMap((one) =>
        decisionLines({ ...one.decision, answer: `${signed(one.points)} ${one.name}` }, columns),
      ),
    ],
    [
      'What is known of the values in it',
      incident.enrichments.flatMap((one) => hang('  ', `${one.sentence} (${one.verdict}, ${one.provider})`, columns)),
    ],
    [
      'Why playbooks ran',
      runs.flatMap((run) =>
        hang(`  ${plain(run.playbook, 60)}: `, `${run.why} (content of ${run.commit.slice(0, 12)})`, columns),
      ),
    ],
    [
      'Why actions were done',
      effects.flatMap((one) => [
        ...hang('  ', `${one.action} on ${one.target}: ${sentenceOf(one.gate)}`, columns),
        ...factLines(factsOf(one.gate), columns),
      ]),
    ],
    [
      'Why people were asked',
      approvals.flatMap((one) => [
        ...hang('  ', `${one.action} on ${one.target}: ${one.why}`, columns),
        ...one.answers.flatMap((answer) =>
          hang(
            '      ',
            `${answer.answer} by ${answer.actor} at ${utc(answer.at)}: ${answer.reason || 'no reason given'}`,
            columns,
          ),
        ),
      ]),
    ],
  ]
  return document([`Incident ${incident.number}, ${grade}: ${plain(incident.title)}`], sections)
}

/** Why an alert was raised and where it went. */
export function explainAlertText(why: WhyAlert, columns = 100): string {
  const { alert, rule } = why
  const sections: readonly (readonly [string, readonly string[]])[] = [
    [
      'Raised by',
      [
        ...hang(
          '  ',
          rule === null
            ? `${alert.ruleId}, which the content of today no longer has`
            : `${rule.title}: ${placeOf(rule)}`,
          columns,
        ),
        ...(why.description === '' ? [] : hang('  ', why.description, columns)),
        ...why.decidedBy.map((one) => `  decided by bundle ${one.bundle.slice(0, 16)} of ${one.commit}`),
      ],
    ],
    [
      'What was usual, and what was seen',
      alert.finding === undefined
        ? []
        : [...hang('  ', alert.finding.sentence, columns), ...factLines(alert.finding.facts, columns)],
    ],
    [
      `On these events${why.events.length < why.known ? ` (${why.events.length} of ${why.known})` : ''}`,
      why.events.flatMap((one) => [
        ...hang(
          '  ',
          `${one.event}, record ${one.index} of delivery ${one.seq} from ${one.source ?? 'an unknown source'}: ${one.sentence}`,
          columns,
        ),
        ...factLines(one.facts, columns),
      ]),
    ],
    [
      'Went to',
      why.decisions.length === 0 && alert.incident === 0
        ? ['  no incident: it is too low to open one']
        : [`  incident ${alert.incident}`, ...why.decisions.flatMap((one) => decisionLines(one, columns))],
    ],
  ]
  const times =
    alert.count > 1
      ? `, ${alert.count} times from ${utc(alert.firstAt)} to ${utc(alert.lastAt)}`
      : `, ${utc(alert.firstAt)}`
  return document(
    [
      `Alert ${alert.id}: ${plain(alert.title)}`,
      `${severityName(alert.severity)} from ${plain(alert.source, 40)}${times}`,
    ],
    sections,
  )
}

function document(head: readonly string[], sections: readonly (readonly [string, readonly string[]])[]): string {
  const shown = sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [title, ...lines].join('\n'))
  return `${[head.join('\n'), ...shown].join('\n\n')}\n`
}

function decisionLines(decision: Decision, columns: number): readonly string[] {
  const place = placeOf(decision.rule)
  const told = decision.sentence.includes(place)
  return [
    ...hang(`  ${plain(decision.answer, 80)}: `, told ? decision.sentence : `${decision.sentence} [${place}]`, columns),
    ...factLines(decision.facts, columns),
  ]
}

function factLines(facts: readonly Fact[], columns: number): readonly string[] {
  return facts.flatMap((fact) => hang('      ', factText(fact), columns))
}

const placeOf = (rule: RuleRef) => (rule.place === undefined ? `built-in ${rule.id}` : formatPlace(rule.place))

function hang(prefix: string, text: string, columns: number): readonly string[] {
  const indent = ' '.repeat(prefix.length - prefix.trimStart().length + 2)
  const lines = wrap(prefix.trimStart() + plain(text, 600), columns - indent.length)
  return lines.map((line, index) => (index === 0 ? indent.slice(2) : indent) + line)
}

const sentenceOf = (gate: Json) =>
  isObject(gate) && typeof gate.sentence === 'string' ? gate.sentence : 'no reason was kept'

function factsOf(gate: Json): readonly Fact[] {
  if (!isObject(gate) || !Array.isArray(gate.facts)) return []
  return (gate.facts as readonly Json[])
    .filter(isObject)
    .map((one) => ({ name: String(one.name), value: one.value ?? null }))
}
