import type { SourceMapping } from '../../../src/core/detect/index.ts'
import { createMatcher } from '../../../src/core/detect/index.ts'
import { createReadings } from '../../../src/core/detect/sigma/log-source.ts'
import { holds } from '../../../src/core/detect/sigma/search.ts'
import { View } from '../../../src/core/detect/sigma/view.ts'
import { isObject, type Json, type JsonObject } from '../../../src/core/model/index.ts'
import { referenceMatches } from '../../core/detect/reference.ts'
import type { Loaded, Recorded } from './recorded.ts'

/** What comparing the matcher with the plain reference came to. */
export interface Comparison {
  readonly events: number
  readonly matches: number
  /** One line for each rule and event on which they differ. */
  readonly differences: readonly string[]
}

/**
 * Asks the matcher and the plain reference about every event. Which rules apply, and under which names, is asked of the
 * engine; what they say is not. The reference is slow: it is asked once for all events that agree in every field that the
 * rules name.
 */
export function compareWithReference(
  loaded: readonly Loaded[],
  mappings: readonly SourceMapping[],
  events: readonly Recorded[],
): Comparison {
  const rules = loaded.map((one) => one.rule)
  const matcher = createMatcher(rules, mappings)
  const readingsOf = createReadings(rules, mappings)
  const detections = new Map(loaded.map(({ rule, detection }) => [rule, detection]))
  const answers = new Map<string, boolean>()
  const differences: string[] = []
  let matches = 0
  for (const { logsource, line } of events) {
    const record = JSON.parse(line) as JsonObject
    const found = new Set(matcher.match({ logsource, record }).map((match) => match.rule))
    matches += found.size
    const wanted = new Set(
      readingsOf(logsource)
        .filter(({ when }) => when === null || holds(when, new View(record)))
        .flatMap(({ rules: list, aliases }) => {
          const named = renamed(record, aliases)
          return list.filter((rule) => {
            const detection = detections.get(rule) as JsonObject
            const fields = fieldsIn(detection)
            const part =
              fields === null ? record : Object.fromEntries(fields.map((name) => [name, named[name] ?? null]))
            const key = `${rule.id} ${fields?.map((name) => Object.hasOwn(named, name))} ${JSON.stringify(part)}`
            const answer = answers.get(key) ?? referenceMatches(detection, named)
            answers.set(key, answer)
            return answer
          })
        }),
    )
    for (const rule of new Set([...found, ...wanted]))
      if (found.has(rule) !== wanted.has(rule))
        differences.push(`${rule.title} (${rule.id}): the engine says ${found.has(rule)} of ${line.slice(0, 400)}`)
  }
  return { events: events.length, matches, differences }
}

/** The record with the fields that it has under other names under the names that rules use. */
function renamed(record: JsonObject, aliases: ReadonlyMap<string, readonly string[]>): JsonObject {
  const added = [...aliases].flatMap(([name, others]) => {
    const other = Object.hasOwn(record, name) ? undefined : others.find((one) => Object.hasOwn(record, one))
    return other === undefined ? [] : [[name, record[other] as Json] as const]
  })
  return { ...record, ...Object.fromEntries(added) }
}

/** The top-level members of records that a detection can read; null = all of them. */
function fieldsIn(detection: Json): readonly string[] | null {
  const names: string[] = []
  const visit = (search: Json): boolean => {
    if (Array.isArray(search)) return search.every((one: Json) => visit(one))
    if (!isObject(search)) return false
    for (const [key, value] of Object.entries(search)) {
      const [name = '', ...modifiers] = key.split('|')
      if (name === '') return false
      names.push(name, name.split('.')[0] ?? '')
      if (modifiers.includes('fieldref')) names.push(...[value].flat().map((one) => String(one).split('.')[0] ?? ''))
    }
    return true
  }
  const searches = Object.entries(detection as JsonObject).filter(
    ([name]) => !['condition', 'timeframe'].includes(name),
  )
  return searches.every(([, search]) => visit(search)) ? [...new Set(names)] : null
}
