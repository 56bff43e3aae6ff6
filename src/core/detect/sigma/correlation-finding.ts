import type { Fact, Finding } from '../../model/index.ts'
import { conditionText } from './correlation-condition.ts'
import type { CorrelationRule } from './correlation-rule.ts'
import type { CorrelationHit } from './correlator.ts'

/** What a correlation found: how much of what, in which window and for whom, and which rules it counted. */
export function findingOf(hit: CorrelationHit): Finding {
  const { rule, group, rules, values, firstAt, lastAt } = hit
  const whom = group.map(
    ([name, value]) => `${name} ${value === null ? 'missing' : JSON.stringify(value.slice(0, 80))}`,
  )
  const sentence = [
    `${countedAs(hit)} within ${durationText(rule.timespanMs)}`,
    whom.length === 0 ? '' : ` for ${whom.join(', ')}`,
    `; asked for: ${conditionText(rule.condition)}`,
    rule.judged === 'at-end' ? ', judged at the end of the window' : '',
  ].join('')
  const facts: Fact[] = [
    ...rules.map(({ title, count }) => ({ name: 'matches', value: `${count} of ${title}` })),
    ...(values.length === 0 ? [] : [{ name: 'values', value: values }]),
    { name: 'first', value: new Date(firstAt).toISOString() },
    { name: 'last', value: new Date(lastAt).toISOString() },
  ]
  return { sentence, facts }
}

function countedAs({ rule, count, values }: CorrelationHit): string {
  const number = Number.isInteger(count) ? String(count) : count.toFixed(3)
  const field = rule.fields.join(' and ')
  switch (rule.type) {
    case 'event_count':
      return `${number} matches`
    case 'value_count':
      return `${number} different values of ${field}`
    case 'temporal':
      return `${number} of ${rule.rules.length} rules matched`
    case 'temporal_ordered':
      return `${number} of ${rule.rules.length} rules matched one after another`
    case 'value_sum':
      return `${field} adds up to ${number}`
    case 'value_avg':
      return `${field} is ${number} on average`
    case 'value_percentile':
      return rule.percentile === null
        ? `${JSON.stringify(values[0]?.slice(0, 80) ?? '')} makes up ${number}% of the values of ${field}`
        : `percentile ${rule.percentile} of ${field} is ${number}`
  }
}

const units: readonly (readonly [CorrelationRule['timespanMs'], string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
]

function durationText(ms: number): string {
  const [size, unit] = units.find(([one]) => ms % one === 0) ?? [1, 'ms']
  return `${ms / size}${unit}`
}
