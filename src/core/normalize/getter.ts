import { isObject, type Json, type JsonObject, own } from '../model/index.ts'

/** The values at a path of a record; lists in between are walked. Null and what is missing are no values. */
export interface Getter {
  first(record: JsonObject): Json | undefined
  all(record: JsonObject): readonly Json[]
}

const maxValues = 200
const nothing: readonly Json[] = []

/** Compiles a path: `a.b`, `a.b[].c` (each element), `a.*.c` (each member). A member whose name has dots in it goes before the path of that spelling. */
export function compileGetter(path: string): Getter {
  const steps = path
    .split('.')
    .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), '[]'] : [part]))
    .filter((part) => part !== '')
  if (steps.includes('[]') || steps.includes('*')) {
    const all = (record: JsonObject) => {
      const found: Json[] = []
      walk(record, steps, 0, found)
      return found
    }
    return { all, first: (record) => all(record)[0] }
  }
  const first = compilePlain(steps)
  return {
    first,
    all: (record) => {
      const value = first(record)
      return value === undefined ? nothing : [value]
    },
  }
}

function compilePlain(steps: readonly string[]): (record: JsonObject) => Json | undefined {
  const rests = steps.map((_, index) => steps.slice(index).join('.'))
  const numbers = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : null))
  const [only] = steps
  if (steps.length === 1 && only !== undefined) return (record) => own(record, only) ?? undefined
  return (record) => {
    let value: Json | undefined = record
    for (let index = 0; index < steps.length; index++) {
      if (Array.isArray(value)) {
        const position = numbers[index] ?? null
        if (position === null) return undefined
        value = (value as readonly Json[])[position]
      } else if (isObject(value)) {
        const rest = own(value, rests[index] as string)
        if (rest !== undefined) return rest ?? undefined
        value = own(value, steps[index] as string)
      } else return undefined
    }
    return value ?? undefined
  }
}

function walk(value: Json | undefined, steps: readonly string[], index: number, found: Json[]): void {
  if (value === undefined || value === null || found.length >= maxValues) return
  const step = steps[index]
  if (step === undefined) found.push(value)
  else if (step === '[]')
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : [value]) walk(item, steps, index + 1, found)
  else if (!isObject(value)) return
  else if (step === '*') for (const key of Object.keys(value)) walk(value[key], steps, index + 1, found)
  else {
    const rest = own(value, steps.slice(index).join('.'))
    if (rest !== undefined) found.push(...(rest === null ? [] : [rest]))
    else walk(own(value, step), steps, index + 1, found)
  }
}

/** The first value of the first path that has one. */
export function firstOf(getters: readonly Getter[], record: JsonObject): Json | undefined {
  for (const getter of getters) {
    const value = getter.first(record)
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

/** A scalar as text, bounded; undefined for lists and objects. */
export function textOf(value: Json | undefined, limit = 2000): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined
  const text = typeof value === 'string' ? value : String(value)
  return text.length > limit ? text.slice(0, limit) : text
}
