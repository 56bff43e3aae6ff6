import {
  isObject,
  type Json,
  type JsonObject,
  type Locate,
  type Observable,
  type Problem,
  type SeverityId,
  type SeverityName,
  severityId,
  severityNames,
} from '../model/index.ts'
import { compileValue } from '../template/index.ts'
import { compileGetter, firstOf, textOf } from './getter.ts'
import type { IntegrationManifest } from './manifest.generated.ts'
import { normalizeObservable } from './observable-value.ts'

type Path = readonly (string | number)[]

const pathsOf = (value: Json | undefined): string[] =>
  typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? (value as readonly Json[]).filter((one) => typeof one === 'string')
      : []

/** Getters of a `from:` that names one path or several in order of preference. */
export function compileFrom(value: Json | undefined) {
  return pathsOf(value).map(compileGetter)
}

/** A text of the record: `{ from: path }`, or a text with `{{ record.path }}`. */
export function compileText(
  raw: Json | undefined,
  path: Path,
  at: Locate,
  problems: Problem[],
): (record: JsonObject) => string | undefined {
  if (isObject(raw)) {
    const getters = compileFrom(raw.from)
    const fallback = textOf(raw.default)
    return (record) => textOf(firstOf(getters, record)) ?? fallback
  }
  if (typeof raw !== 'string') return () => undefined
  if (!raw.includes('{{')) return () => raw
  const compiled = compileValue(raw, (inner, part) => at([...path, ...inner], part), new Set(['record']))
  if (!compiled.ok) {
    problems.push(...compiled.problems)
    return () => undefined
  }
  return (record) => {
    const rendered = compiled.value.render({ record })
    return rendered.ok ? textOf(rendered.value) : undefined
  }
}

/** A severity by words, exact values or bands of a number; `default` where nothing fits. */
export function compileSeverity(raw: Json | undefined): (record: JsonObject) => SeverityId {
  if (typeof raw === 'string') return () => severityId(raw as SeverityName)
  if (!isObject(raw)) return () => 0
  const getters = compileFrom(raw.from)
  const map = new Map(
    Object.entries(isObject(raw.map) ? raw.map : {}).map(([key, name]) => [
      key.toLowerCase(),
      severityId(name as SeverityName),
    ]),
  )
  const bands = (Array.isArray(raw.bands) ? (raw.bands as readonly (readonly [number, SeverityName])[]) : []).map(
    ([from, name]) => [from, severityId(name)] as const,
  )
  const fallback = severityId((typeof raw.default === 'string' ? raw.default : 'unknown') as SeverityName)
  return (record) => {
    for (const getter of getters) {
      const value = getter.first(record)
      const text = textOf(value, 100)?.toLowerCase()
      if (text === undefined) continue
      const mapped = map.get(text)
      if (mapped !== undefined) return mapped
      const number = typeof value === 'number' ? value : /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
      if (bands.length > 0 && !Number.isNaN(number)) return bands.findLast(([from]) => number >= from)?.[1] ?? fallback
      if (map.size === 0 && (severityNames as readonly string[]).includes(text)) return severityId(text as SeverityName)
    }
    return fallback
  }
}

const maxObservables = 100

type ObservableManifest = NonNullable<NonNullable<IntegrationManifest['inbound']>[number]['observables']>[number]

/** How a raw value is taken apart before it is normalised. */
const splitters: Readonly<Record<NonNullable<ObservableManifest['as']>, (text: string) => string[]>> = {
  'hash-list': (text) => text.split(/[,;|]/).map((part) => part.split('=').at(-1) ?? ''),
  'account-name': (text) => [text.split('\\').at(-1) ?? ''],
  'role-session': (text) => (/:assumed-role\//.test(text) ? [text.split('/').at(-1) ?? ''] : []),
  'file-name': (text) => [text.split(/[\\/]/).at(-1) ?? ''],
  'host-port': (text) => [text.replace(/:\d+$/, '')],
  list: (text) => text.split(/[,\s]+/),
}

/** The observables of a record, normalised, each once, attacker before target before related for the same value. */
export function compileObservables(
  raw: readonly ObservableManifest[] = [],
): (record: JsonObject) => readonly Observable[] {
  const specs = raw.map(({ type, role, from, as: form }) => ({
    type,
    role,
    getters: compileFrom(from),
    split: form === undefined ? undefined : splitters[form],
  }))
  return (record) => {
    const found: Observable[] = []
    for (const { type, role, getters, split } of specs)
      for (const getter of getters)
        for (const one of getter.all(record))
          for (const value of Array.isArray(one) ? (one as readonly Json[]) : [one]) {
            const text = textOf(value, 4000)
            if (text === undefined) continue
            for (const part of split === undefined ? [text] : split(text)) {
              const normal = normalizeObservable(type, part)
              if (normal === null || found.length >= maxObservables) continue
              if (!found.some((other) => other.value === normal && other.type === type))
                found.push({ type, value: normal, role })
            }
          }
    return found
  }
}
