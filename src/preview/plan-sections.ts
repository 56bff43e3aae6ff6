import { duration, utc } from '../cases/index.ts'
import { formatPlace, type Place, severityName } from '../core/model/index.ts'
import type { Plan } from '../core/replay/index.ts'

/** A part of a plan as people read it. No cell is escaped yet: all may hold what an attacker or the change wrote. */
export interface Section {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** How many rows there are besides. */
  readonly more: number
}

const maxRows = 25

/** The parts of a plan that have anything to say, the most important first. */
export function sectionsOf(plan: Plan): readonly Section[] {
  const { incidents } = plan
  return [
    section('Content', ['change', 'kind', 'what', 'place'], plan.content, (one) => [
      one.change,
      one.kind,
      one.title,
      formatPlace(one.place),
    ]),
    section(
      'Alerts per rule',
      ['rule', 'before', 'after', 'added', 'lost', 'silenced', 'heard again', 'place'],
      plan.rules,
      (one) => [
        one.rule.title,
        ...[one.before, one.after, one.added, one.lost, one.silenced, one.unsilenced].map(String),
        placeText(one.rule.place),
      ],
    ),
    section('Noise per day', ['rule', 'before', 'after', 'budget', ''], plan.noise, (one) => [
      one.rule.title,
      perDay(one.beforePerDay),
      perDay(one.afterPerDay),
      String(one.budgetPerDay),
      one.isExceeded ? 'too loud' : one.afterPerDay > one.budgetPerDay ? 'was too loud before' : '',
    ]),
    section(
      'Incidents',
      ['change', 'incident', 'severity', 'alerts', 'critical'],
      [
        ...incidents.added.map((one) => ['added', one] as const),
        ...incidents.lost.map((one) => ['lost', one] as const),
      ],
      ([change, one]) => [
        change,
        one.title,
        `${one.severity} ${one.score}`,
        String(one.alerts.length),
        one.criticalEntities.join(', '),
      ],
    ),
    section('Incidents put together otherwise', ['change', 'incident', 'pieces'], incidents.regrouped, (one) => [
      one.change,
      one.one.title,
      one.several.map(({ title, alerts }) => `${title} (${alerts.length} alerts)`).join('; '),
    ]),
    section('Incidents judged otherwise', ['incident', 'before', 'after', 'why'], incidents.changed, (one) => [
      one.after.title,
      `${one.before.severity} ${one.before.score}`,
      `${one.after.severity} ${one.after.score}`,
      one.reasons.join('; '),
    ]),
    section('Incidents opened at another time', ['incident', 'change'], incidents.moved, ({ after, byMs }) => [
      after.title,
      `${duration(Math.abs(byMs))} ${byMs < 0 ? 'earlier' : 'later'}`,
    ]),
    section(
      'Responses',
      ['change', 'what', 'playbook', 'action', 'target', 'incident', 'why'],
      plan.responses,
      (one) => [
        one.change,
        one.kind,
        one.playbook,
        one.action,
        one.criticality === null ? one.target : `${one.target} (${one.criticality})`,
        one.incident,
        one.sentence,
      ],
    ),
    section(
      'Entities in alerts',
      ['change', 'entity'],
      [...plan.entities.added.map((one) => ['added', one]), ...plan.entities.lost.map((one) => ['lost', one])],
      (one) => one,
    ),
    section(
      'Critical assets acted on',
      ['change', 'target'],
      [
        ...plan.criticalTargets.added.map((one) => ['added', one]),
        ...plan.criticalTargets.lost.map((one) => ['lost', one]),
      ],
      (one) => one,
    ),
    section('Fixtures', ['change', 'record', 'rule', 'facts'], plan.fixtures, (one) => [
      one.change,
      `${one.path} ${one.kind} ${one.index + 1}`,
      one.place === null ? one.rule : `${one.rule} ${formatPlace(one.place)}`,
      factsText(one.facts),
    ]),
    section('Examples', ['change', 'alert', 'time', 'event', 'facts', 'why'], plan.examples, (one) => [
      one.change,
      `${one.alert.title} (${severityName(one.alert.severity)}, ${placeText(one.rule.place)})`,
      utc(one.alert.at),
      one.alert.event.join('.'),
      factsText(one.facts),
      one.why,
    ]),
  ].filter(({ rows }) => rows.length > 0)
}

/** The first line of a plan. */
export function headlineOf(plan: Plan): string {
  const [before, after] = [plan.before, plan.after].map(({ commit }) =>
    commit === 'worktree' ? commit : commit.slice(0, 12),
  )
  const events = eventsOf(plan)
  const span = events === 0 ? 'without a history' : `on ${events} event${events === 1 ? '' : 's'} over ${daysOf(plan)}`
  return plan.isSame ? `${before} to ${after}: nothing changes ${span}` : `${before} to ${after} ${span}`
}

/** How many events were replayed; none where there is no history. */
export const eventsOf = (plan: Plan) => Object.values(plan.counts.after).reduce((sum, one) => sum + one, 0)

/** The span of the events that were replayed, in words. */
export const daysOf = ({ days }: Plan) => `${perDay(days)} day${days === 1 ? '' : 's'}`

/** Totals before and after, of what people feel. */
export function totalsOf(plan: Plan): Section {
  const alerted = ({ alerted, suppressed }: Plan['counts']['after']) => [alerted, suppressed] as const
  const [[alertedBefore, suppressedBefore], [alertedAfter, suppressedAfter]] = [
    alerted(plan.counts.before),
    alerted(plan.counts.after),
  ]
  const rows = [
    ['events that alerted', alertedBefore, alertedAfter],
    ['events suppressed', suppressedBefore, suppressedAfter],
    ...Object.entries(plan.totals).map(([name, [before, after]]) => [name, before, after] as const),
  ] as const
  return {
    title: 'Totals',
    head: ['', 'before', 'after', 'difference'],
    rows: [
      ...rows.map(([name, before, after]) => [name, String(before), String(after), signed(after - before)]),
      ...(plan.timeToDetect === null ? [] : [timeRow(plan.timeToDetect)]),
    ],
    more: 0,
  }
}

function timeRow({ incidents, meanMs: [before, after] }: NonNullable<Plan['timeToDetect']>): readonly string[] {
  const change = after === before ? '0' : `${duration(Math.abs(after - before))} ${after < before ? 'sooner' : 'later'}`
  return [`mean time to detect (${incidents} incidents)`, duration(before), duration(after), change]
}

/** Sentences that a reader must not miss: faults, what was left out. */
export function warningsOf(plan: Plan): readonly string[] {
  return [
    ...plan.faults.after.map((one) => `fault after the change: ${one}`),
    ...plan.faults.before.map((one) => `fault before the change: ${one}`),
    ...(plan.omitted.alerts > 0
      ? [
          `${plan.omitted.alerts} alerts were only counted: figures per rule are whole, lists of alerts and incidents are not`,
        ]
      : []),
    ...(plan.omitted.runs > 0 ? [`${plan.omitted.runs} runs were only counted and not played`] : []),
  ]
}

/** A part of at most 25 rows; `more` says how many there are besides. */
export function section<T>(
  title: string,
  head: readonly string[],
  items: readonly T[],
  row: (one: T) => readonly string[],
): Section {
  return { title, head, rows: items.slice(0, maxRows).map(row), more: Math.max(0, items.length - maxRows) }
}

const placeText = (place: Place | null) => (place === null ? '' : formatPlace(place))
const factsText = (facts: readonly { readonly name: string; readonly value: unknown }[]) =>
  facts.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join(', ')
const perDay = (value: number) => String(Number(value.toFixed(2)))
const signed = (value: number) => (value > 0 ? `+${value}` : String(value))
