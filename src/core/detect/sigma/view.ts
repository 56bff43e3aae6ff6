import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import type { Atom } from './search.ts'

type Scalar = string | number | boolean | null

/** What a field of a record holds: `present` even when null; `values` are its scalars, lists flattened. */
export interface Field {
  readonly present: boolean
  readonly values: readonly Scalar[]
  /** Whether an object stands there: it has no value of its own, and yet it is not null. */
  readonly structured: boolean
  /** The values as text, null left out. */
  texts(): readonly string[]
  /** The same in lower case, made once. */
  lower(): readonly string[]
}

/** The name of a field, taken apart once. */
export interface FieldPath {
  readonly name: string
  /** The parts between dots, each with what stands from it on; none when there is no dot. */
  readonly steps: readonly { readonly name: string; readonly rest: string }[]
}

/** Takes the name of a field apart. */
export function pathOf(name: string): FieldPath {
  const parts = name.includes('.') ? name.split('.') : []
  return { name, steps: parts.map((part, index) => ({ name: part, rest: parts.slice(index).join('.') })) }
}

/** Other names of fields, by the name that is asked for, in the order in which they are tried. */
export type Aliases = ReadonlyMap<string, readonly string[]>

const maxValues = 20_000
const maxText = 1_000_000

/** Answers for the tests of a view, which may remember what they came to. */
export interface Judge {
  satisfies(atom: Atom, view: View): boolean
}

/** One record while rules look at it: every field is fetched and lower-cased at most once. */
export class View {
  readonly record: JsonObject
  judge: Judge | null = null
  private readonly aliases: Aliases | undefined
  private fields: Map<string, Field> | null = null
  private everything: Field | undefined

  /** @param aliases other names under which a missing field may stand; a field that is there, null even, goes by its own */
  constructor(record: JsonObject, aliases?: Aliases) {
    this.record = record
    this.aliases = aliases
  }

  /** The field of that name: an own member of exactly that name, else the dotted path; lists match by any element. */
  field(name: string): Field {
    return this.fields?.get(name) ?? this.read(pathOf(name))
  }

  /** The same by a name that was taken apart before. */
  fetch(path: FieldPath): Field {
    return this.fields?.get(path.name) ?? this.read(path)
  }

  private read(path: FieldPath): Field {
    let field = this.find(path)
    if (!field.present)
      for (const alias of this.aliases?.get(path.name) ?? []) {
        const other = this.find(pathOf(alias))
        if (!other.present) continue
        field = other
        break
      }
    this.fields ??= new Map()
    this.fields.set(path.name, field)
    return field
  }

  private find({ name, steps }: FieldPath): Field {
    const found: Found = { values: [], structured: false }
    const direct = own(this.record, name)
    const present = direct !== undefined ? gather(direct, found) : walk(this.record, steps, 0, found, 0)
    return fieldOf(present, found)
  }

  /** Whether the atom holds. */
  satisfies(atom: Atom): boolean {
    return this.judge === null ? atom.test(this) : this.judge.satisfies(atom, this)
  }

  /** All scalars of the record, for keyword searches. */
  all(): Field {
    if (this.everything === undefined) {
      this.everything = fieldOf(true, everyScalar(this.record))
    }
    return this.everything
  }
}

interface Found {
  readonly values: Scalar[]
  structured: boolean
}

function fieldOf(present: boolean, { values, structured }: Found): Field {
  return new SeenField(present, values, structured)
}

class SeenField implements Field {
  readonly present: boolean
  readonly values: readonly Scalar[]
  readonly structured: boolean
  private lowered: readonly string[] | undefined

  constructor(present: boolean, values: readonly Scalar[], structured: boolean) {
    this.present = present
    this.values = values
    this.structured = structured
  }

  texts(): readonly string[] {
    const { values } = this
    if (values.length === 1 && typeof values[0] === 'string') return values as readonly string[]
    return values.flatMap((value) => (value === null ? [] : [String(value)]))
  }

  lower(): readonly string[] {
    this.lowered ??= this.texts().map((text) => text.slice(0, maxText).toLowerCase())
    return this.lowered
  }
}

/** Calls for every text of a value that is no text itself, in no order and keeping none. */
export function eachText(value: Json, visit: (text: string) => void): void {
  const rest: Json[] = [value]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next !== 'object') visit(String(next))
    else if (next !== null) for (const member of isList(next) ? next : Object.values(next)) rest.push(member)
  }
}

/** The scalars of a value, lists flattened however deep they nest; without recursion, for depth is the sender's choice. */
function gather(value: Json, found: Found): boolean {
  const rest: Json[] = [value]
  while (rest.length > 0 && found.values.length < maxValues) {
    const next = rest.pop() as Json
    if (isList(next)) for (let index = next.length - 1; index >= 0; index--) rest.push(next[index] as Json)
    else if (isObject(next)) found.structured = true
    else found.values.push(next)
  }
  return true
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Lists inside lists on the way along a path; deeper ones are not looked into. */
const maxListDepth = 100

function walk(value: Json, steps: FieldPath['steps'], index: number, found: Found, lists: number): boolean {
  if (isList(value)) {
    let any = false
    if (lists >= maxListDepth) return any
    for (const item of value)
      if (found.values.length < maxValues) any = walk(item, steps, index, found, lists + 1) || any
    return any
  }
  const step = steps[index]
  if (step === undefined || !isObject(value)) return false
  const whole = own(value, step.rest)
  if (whole !== undefined) return gather(whole, found)
  const next = own(value, step.name)
  return next !== undefined && walk(next, steps, index + 1, found, lists)
}

function everyScalar(record: JsonObject): Found {
  const found: Found = { values: [], structured: true }
  const rest: Json[] = [record]
  while (rest.length > 0 && found.values.length < maxValues) {
    const next = rest.pop() as Json
    const members = isList(next) ? next : isObject(next) ? Object.values(next) : null
    if (members === null) found.values.push(next as Scalar)
    else for (let index = members.length - 1; index >= 0; index--) rest.push(members[index] as Json)
  }
  return found
}
