import { isObject, type Json, type JsonObject, own } from '../model/index.ts'

/** All values at a path of a record; lists in between are walked. */
export type Getter = (record: JsonObject) => readonly Json[]

const maxValues = 200

/** Compiles a path: `a.b`, `a.b[].c` (each element), `a.*.c` (each member). A member whose name has dots in it goes before the path of that spelling. */
export function compileGetter(path: string): Getter {
  const steps = path
    .split('.')
    .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), '[]'] : [part]))
    .filter((part) => part !== '')
  const plain = !steps.includes('[]') && !steps.includes('*')
  const rests = steps.map((_, index) => steps.slice(index).join('.'))
  return (record) => {
    if (plain) {
      let value: Json | undefined = record
      for (const [index, step] of steps.entries()) {
        if (Array.isArray(value) && /^\d+$/.test(step)) value = (value as readonly Json[])[Number(step)]
        else if (isObject(value)) {
          const rest = own(value, rests[index] as string)
          if (rest !== undefined) return rest === null ? [] : [rest]
          value = own(value, step)
        } else return []
      }
      return value === undefined || value === null ? [] : [value]
    }
    const found: Json[] = []
    walk(record, steps, 0, found)
    return found
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
    const [value] = getter(record)
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

/** A scalar as text, bounded; undefined for lists and objects. */
export function textOf(value: Json | undefined, limit = 2000): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined
  return String(value).slice(0, limit)
}
