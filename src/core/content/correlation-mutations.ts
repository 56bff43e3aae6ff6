import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { replaced } from './mutations.ts'
import type { RuleMutation } from './rule-mutations.ts'
import { scaledDuration } from './scaled-duration.ts'

/**
 * Breaks a correlation in every way that is known here, one at a time: the bound moved by one, the timespan halved and doubled,
 * fields of the group and rules left out, the order taken or given.
 */
export function correlationMutationsOf(rule: JsonObject): readonly RuleMutation[] {
  const correlation = isObject(rule.correlation) ? rule.correlation : {}
  const found: RuleMutation[] = []
  const add = (name: string, path: readonly (string | number)[], next: Json | undefined) => {
    const value = replaced(rule, ['correlation', ...path], next)
    if (isObject(value)) found.push({ name, path: ['correlation', ...path], value })
  }
  const { type, timespan, condition } = correlation
  if (isObject(condition))
    for (const [key, bound] of Object.entries(condition))
      if (typeof bound === 'number' && key !== 'percentile') {
        // Sums run into millions: what one more byte changes is nobody's question.
        const step = bound >= 1000 ? bound / 2 : 1
        add(`a higher bound of ${key}`, ['condition', key], bound + step)
        if (bound > step) add(`a lower bound of ${key}`, ['condition', key], bound - step)
      }
  for (const [name, factor] of [
    ['half the timespan', 0.5],
    ['twice the timespan', 2],
  ] as const) {
    const scaled = scaledDuration(timespan, factor)
    if (scaled !== null) add(name, ['timespan'], scaled)
  }
  for (const key of ['group-by', 'rules']) {
    const list = listOf(correlation[key])
    if (list.length === 1 && key === 'group-by') add(`leave out the group ${list[0]}`, [key], undefined)
    if (list.length > 1)
      for (const [index, one] of list.entries()) add(`leave out ${one} of ${key}`, [key, index], undefined)
  }
  if (type === 'temporal_ordered') add('in any order', ['type'], 'temporal')
  if (type === 'temporal') add('in this order', ['type'], 'temporal_ordered')
  if (type === 'value_count') {
    const { field: _, ...bounds } = isObject(condition) ? condition : {}
    found.push({
      name: 'count events, not values',
      path: ['correlation', 'type'],
      value: { ...rule, correlation: { ...correlation, type: 'event_count', condition: bounds } },
    })
  }
  return found
}

const listOf = (value: Json | undefined): readonly string[] =>
  (Array.isArray(value) ? (value as readonly Json[]) : []).filter((one) => typeof one === 'string')
