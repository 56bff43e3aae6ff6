import { isObject, type Json, type JsonObject, type LogSource } from '../model/index.ts'
import { compileFrom } from './extract.ts'
import { textOf } from './getter.ts'

/** How records of a mapping get their log source: members are fixed, read from the record, or read and translated. */
export function compileLogSource(raw: Json | undefined): (record: JsonObject) => LogSource {
  const members = Object.entries(isObject(raw) ? raw : {}).map(([key, value]) => ({
    key,
    fixed: isObject(value) ? undefined : textOf(value),
    get: isObject(value) ? compileName(value) : null,
  }))
  const whole = (record: JsonObject): LogSource => {
    const source: Record<string, string> = {}
    for (const { key, fixed, get } of members) {
      const value = get === null ? fixed : get(record)
      if (value !== undefined) source[key] = value
    }
    return source
  }
  if (members.some((one) => one.get !== null)) return whole
  const always = Object.freeze(whole({}))
  return () => always
}

/** A name out of the record: in lower case, by the manifest's map when it has one. */
function compileName(value: JsonObject): (record: JsonObject) => string | undefined {
  const getters = compileFrom(value.from)
  const map = isObject(value.map) ? value.map : null
  const fallback = textOf(value.default)
  return (record) => {
    for (const getter of getters) {
      const text = textOf(getter.first(record), 100)?.toLowerCase()
      if (text === undefined) continue
      if (map === null) return text
      const mapped = Object.hasOwn(map, text) ? textOf(map[text]) : undefined
      if (mapped !== undefined) return mapped
    }
    return fallback
  }
}

/** The values each member can have; null = whatever the record says. A member that is not there is never given. */
export interface PossibleLogSource {
  readonly product?: ReadonlySet<string> | null
  readonly category?: ReadonlySet<string> | null
  readonly service?: ReadonlySet<string> | null
}

/** All that a manifest's `logsource` can come to. */
export function possibleLogSource(raw: Json | undefined): PossibleLogSource {
  return Object.fromEntries(
    Object.entries(isObject(raw) ? raw : {}).map(([key, value]) => {
      if (!isObject(value)) return [key, new Set([textOf(value)])]
      if (!isObject(value.map)) return [key, null]
      return [
        key,
        new Set(
          [...Object.values(value.map), ...(value.default === undefined ? [] : [value.default])].map((one) =>
            textOf(one),
          ),
        ),
      ]
    }),
  )
}

/** Whether events of the log source can come of it. */
export function canGive(possible: PossibleLogSource, wanted: LogSource): boolean {
  return (['product', 'category', 'service'] as const).every((member) => {
    const value = wanted[member]
    if (value === undefined) return true
    const values = possible[member]
    return values === null || values?.has(value) === true
  })
}
