import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'

/** What a field of a record holds: `present` even when null; `values` are its scalars, lists flattened. */
export interface Field {
  readonly present: boolean
  readonly values: readonly (string | number | boolean | null)[]
  /** The values as lower-case text, made once. */
  lower(): readonly string[]
}

const maxValues = 1000
const maxText = 100_000

/** One record while rules look at it: every field is fetched and lower-cased at most once. */
export class View {
  readonly record: JsonObject
  private readonly fields = new Map<string, Field>()
  private everything: Field | undefined

  constructor(record: JsonObject) {
    this.record = record
  }

  /** The field of that name: an own member of exactly that name, else the dotted path; lists match by any element. */
  field(name: string): Field {
    let field = this.fields.get(name)
    if (field === undefined) {
      const values: Field['values'][number][] = []
      const direct = own(this.record, name)
      const present =
        direct !== undefined
          ? gather(direct, values)
          : name.includes('.') && walk(this.record, name.split('.'), 0, values)
      field = fieldOf(present, values)
      this.fields.set(name, field)
    }
    return field
  }

  /** All scalars of the record, for keyword searches. */
  all(): Field {
    if (this.everything === undefined) {
      const values: Field['values'][number][] = []
      collect(this.record, values, 0)
      this.everything = fieldOf(true, values)
    }
    return this.everything
  }
}

function fieldOf(present: boolean, values: readonly (string | number | boolean | null)[]): Field {
  let lower: readonly string[] | undefined
  return {
    present,
    values,
    lower() {
      lower ??= values.flatMap((value) => (value === null ? [] : [String(value).slice(0, maxText).toLowerCase()]))
      return lower
    },
  }
}

function gather(value: Json, into: (string | number | boolean | null)[]): boolean {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) if (into.length < maxValues) gather(item, into)
  } else if (!isObject(value)) into.push(value as string | number | boolean | null)
  return true
}

function walk(
  value: Json,
  path: readonly string[],
  index: number,
  into: (string | number | boolean | null)[],
): boolean {
  if (index === path.length) return gather(value, into)
  if (Array.isArray(value)) {
    let found = false
    for (const item of value as readonly Json[])
      if (into.length < maxValues) found = walk(item, path, index, into) || found
    return found
  }
  if (!isObject(value)) return false
  const rest = path.slice(index).join('.')
  const whole = own(value, rest)
  if (whole !== undefined) return gather(whole, into)
  const next = own(value, path[index] as string)
  return next !== undefined && walk(next, path, index + 1, into)
}

function collect(value: Json, into: (string | number | boolean | null)[], depth: number): void {
  if (into.length >= maxValues || depth > 64) return
  if (Array.isArray(value)) for (const item of value as readonly Json[]) collect(item, into, depth + 1)
  else if (isObject(value)) for (const key of Object.keys(value)) collect(value[key] as Json, into, depth + 1)
  else into.push(value as string | number | boolean | null)
}
