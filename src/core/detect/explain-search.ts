import { isObject, type Json, type Locate, type Place, type Problem } from '../model/index.ts'
import type { Placeholders } from './sigma/placeholders.ts'
import { compileSearch, holds, type Search } from './sigma/search.ts'
import { type Aliases, View } from './sigma/view.ts'

/** One part of a rule and whether it held for an event: what `rules explain` shows as a tree. */
export interface Explained {
  /** `search` names one of the condition; `field` compares one field; the rest join their parts. */
  readonly kind: 'and' | 'or' | 'not' | 'search' | 'field'
  /** The name of the search, or the field with its modifiers. */
  readonly label: string
  readonly holds: boolean
  readonly place: Place | null
  readonly parts: readonly Explained[]
  /** Of a `field` alone: what the event has there. */
  readonly seen: Seen | null
  /** Of a `field` alone: what the rule asks for, each value by itself. */
  readonly wanted: readonly Wanted[]
}

/** What an event has in a field. */
export interface Seen {
  /** False when the event has no such field, which is not the same as an empty one. */
  readonly present: boolean
  /** Other name under which the field stood, as the pipeline says. */
  readonly under: string | null
  /** The first values, long texts cut. */
  readonly values: readonly Json[]
  readonly count: number
}

/** A value that the rule asks for, and whether it held on its own. */
export interface Wanted {
  readonly value: Json
  readonly holds: boolean
}

/** Compiles a part of a rule; null when it does not compile on its own. */
export type Compile = (raw: Json) => Search | null

const maxSeen = 5
const maxText = 300
const maxWanted = 200

/** What is needed to look at the parts of a search: the event under Sigma's names, and the places in the file. */
export interface SearchContext {
  readonly view: View
  readonly aliases: Aliases
  readonly compile: Compile
  readonly place: Locate
}

type Path = readonly (string | number)[]

/** A search by its name, with everything in it. */
export function explainSearch(name: string, raw: Json, path: Path, context: SearchContext): Explained {
  const inner = explainRaw(raw, path, context)
  // What a search joins is all of a map: only lists of maps need a line of their own.
  const parts = inner.kind === 'and' ? inner.parts : [inner]
  return { ...joined('search', name, inner.holds, parts), place: context.place(path, 'key') }
}

function explainRaw(raw: Json, path: Path, context: SearchContext): Explained {
  if (Array.isArray(raw)) {
    const list: readonly Json[] = raw
    if (!list.some(isObject)) return explainField('', list, path, context)
    const parts = list.map((item, index) => explainRaw(item, [...path, index], context))
    return joined(
      'or',
      'any of',
      parts.some((one) => one.holds),
      parts,
    )
  }
  if (!isObject(raw)) return explainField('', [raw], path, context)
  const parts = Object.entries(raw).map(([key, value]) => explainMember(key, value, [...path, key], context))
  return joined(
    'and',
    'all of',
    parts.every((one) => one.holds),
    parts,
  )
}

function explainMember(key: string, value: Json, path: Path, context: SearchContext): Explained {
  const items: readonly Json[] = Array.isArray(value) ? value : [value]
  if (key === '' || key.includes('|') || !items.some(isObject)) return explainField(key, value, path, context)
  // Maps below a field are fields of their own: "a: { b: c }" is "a.b: c".
  const parts = items.map((item, index) => {
    const members = isObject(item) ? Object.entries(item) : []
    const inner = members.map(([name, one]) => explainMember(`${key}.${name}`, one, [...path, index, name], context))
    return joined(
      'and',
      'all of',
      inner.every((one) => one.holds),
      inner,
    )
  })
  return joined(
    'or',
    'any of',
    parts.some((one) => one.holds),
    parts,
  )
}

function explainField(key: string, value: Json, path: Path, context: SearchContext): Explained {
  const values: readonly Json[] = Array.isArray(value) ? value : [value]
  const test = (name: string, one: Json) => {
    const search = context.compile(name === '' ? one : { [name]: one })
    return search !== null && holds(search, context.view)
  }
  // One value of several that all must hold is asked for without "all", which needs several.
  const single = key.replace(/\|all(?=\||$)/, '')
  return {
    kind: 'field',
    label: key === '' ? 'keywords' : key,
    holds: test(key, value),
    place: context.place(path, key === '' ? 'value' : 'key'),
    parts: [],
    seen: seenOf(key.split('|')[0] ?? '', context),
    wanted: values.slice(0, maxWanted).map((one) => ({ value: one, holds: test(single, one) })),
  }
}

function seenOf(name: string, { view, aliases }: SearchContext): Seen | null {
  if (name === '') return null
  const field = view.field(name)
  const own = new View(view.record)
  const under = own.field(name).present ? null : (aliases.get(name)?.find((one) => own.field(one).present) ?? null)
  return {
    present: field.present,
    under,
    values: field.values.slice(0, maxSeen).map(shortened),
    count: field.values.length,
  }
}

const shortened = (value: Json): Json =>
  typeof value === 'string' && value.length > maxText ? `${value.slice(0, maxText)}…` : value

function joined(kind: Explained['kind'], label: string, holds: boolean, parts: readonly Explained[]): Explained {
  return { kind, label, holds, place: null, parts, seen: null, wanted: [] }
}

/** The tree of a condition down to the searches it names, which `named` knows by the object they compiled to. */
export function explainCondition(search: Search, named: ReadonlyMap<Search, Explained>): Explained {
  const known = named.get(search)
  if (known !== undefined) return joined('search', known.label, known.holds, [])
  if (search.kind === 'not') {
    const part = explainCondition(search.part, named)
    return joined('not', 'not', !part.holds, [part])
  }
  const parts = search.kind === 'atom' ? [] : search.parts.map((part) => explainCondition(part, named))
  const every = search.kind === 'and'
  const holding = every ? parts.every((one) => one.holds) : parts.some((one) => one.holds)
  return joined(every ? 'and' : 'or', every ? 'all of' : 'any of', holding, parts)
}

/** Compiles parts of a rule, one by one, as the rule itself was compiled. */
export function compilerOf(place: Locate, placeholders: Placeholders): Compile {
  return (raw) => {
    const problems: Problem[] = []
    const search = compileSearch(raw, [], place, problems, placeholders)
    return problems.length === 0 ? search : null
  }
}
