import { didYouMean, isObject, type Json, type Locate, type Problem, problem } from '../../model/index.ts'
import { anyOf, type Literal } from './literals.ts'
import { modifierFault, modifierNames } from './modifier-rules.ts'
import { compileValueTest } from './modifiers.ts'
import { noPlaceholders, type Placeholders } from './placeholders.ts'
import type { ValueTest } from './value-test.ts'
import { pathOf, type View } from './view.ts'

/** A compiled search: what it tests, kept as a tree so that a match can be explained and indexed. */
export type Search =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Search[] }
  | { readonly kind: 'not'; readonly part: Search }
  | Atom

/** One field and its values. */
export interface Atom {
  readonly kind: 'atom'
  readonly label: string
  readonly field: string | null
  /** What must be found in the field for the atom to hold: of each of these lists one literal. */
  readonly needs: readonly (readonly Literal[])[]
  /** Whether it looks at nothing but its field. */
  readonly alone: boolean
  /** The names of all fields that it looks at; none of a keyword, which looks at all there is. */
  readonly reads: readonly string[]
  test(view: View): boolean
}

type Path = readonly (string | number)[]

/** Where problems of a search go, and what its placeholders stand for. */
interface Context {
  readonly at: Locate
  readonly problems: Problem[]
  readonly placeholders: Placeholders
}

/** Compiles a search identifier: a map (all must hold), a list of maps (any), or a list of keywords (any). */
export function compileSearch(
  raw: Json,
  path: Path,
  at: Locate,
  problems: Problem[],
  placeholders: Placeholders = noPlaceholders,
): Search {
  return compile(raw, path, { at, problems, placeholders })
}

function compile(raw: Json, path: Path, context: Context): Search {
  const { at, problems } = context
  if (Array.isArray(raw)) {
    if (raw.length === 0) problems.push(problem('sigma/empty', 'an empty list never matches', at(path)))
    return {
      kind: 'or',
      parts: raw.map((item: Json, index: number) =>
        isObject(item) ? compile(item, [...path, index], context) : compileField('', item, [...path, index], context),
      ),
    }
  }
  if (isObject(raw)) {
    const entries = Object.entries(raw)
    if (entries.length === 0) problems.push(problem('sigma/empty', 'an empty mapping matches everything', at(path)))
    return { kind: 'and', parts: entries.map(([key, value]) => compileField(key, value, [...path, key], context)) }
  }
  return compileField('', raw, path, context)
}

function compileField(key: string, value: Json, path: Path, context: Context): Search {
  const { at, problems, placeholders } = context
  const [name = '', ...modifiers] = key.split('|')
  for (const modifier of modifiers) {
    if (!(modifierNames as readonly string[]).includes(modifier)) {
      problems.push(
        problem(
          'sigma/unknown-modifier',
          `unknown modifier "${modifier}"`,
          at(path, 'key'),
          didYouMean(modifier, modifierNames) ?? `known: ${modifierNames.join(', ')}`,
        ),
      )
      return { kind: 'or', parts: [] }
    }
  }
  const values = Array.isArray(value) ? (value as readonly Json[]) : [value]
  if (values.length === 0) problems.push(problem('sigma/empty', `"${key}" has no value`, at(path)))
  const field = name === '' ? null : name
  if (field !== null && modifiers.length === 0 && values.some(isObject)) return nested(field, value, path, context)
  const fault = modifierFault(modifiers, field === null, values.length)
  if (fault !== null) {
    problems.push(problem('sigma/modifiers', fault.message, at(path, 'key'), fault.hint))
    return { kind: 'or', parts: [] }
  }
  const tests: ValueTest[] = []
  for (const [index, one] of values.entries()) {
    const test = compileValueTest(one, { modifiers, keyword: field === null, valueCount: values.length, placeholders })
    if ('test' in test) tests.push(test)
    else
      problems.push(problem('sigma/value', test.message, at(Array.isArray(value) ? [...path, index] : path), test.hint))
  }
  const negated = modifiers.includes('neq')
  const every = modifiers.includes('all')
  const taken = field === null ? null : pathOf(field)
  const fetch = taken === null ? (view: View) => view.all() : (view: View) => view.fetch(taken)
  const [only] = tests
  const run: (view: View) => boolean =
    tests.length === 1 && only !== undefined
      ? (view) => only.test(view, fetch(view))
      : every
        ? (view) => tests.every(({ test }) => test(view, fetch(view)))
        : (view) => tests.some(({ test }) => test(view, fetch(view)))
  const needs = every ? tests.map((one) => one.needs) : [anyOf(tests.map((one) => one.needs))]
  return {
    kind: 'atom',
    label: key === '' ? 'keywords' : key,
    field,
    alone: field !== null && !modifiers.includes('fieldref'),
    reads: field === null ? [] : [field, ...tests.flatMap((one) => one.other ?? [])],
    needs: negated ? [] : needs.filter((one) => one !== null),
    test: negated ? (view) => !run(view) : run,
  }
}

/** `field: { sub: value }` is `field.sub: value`; a list of such mappings is any of them. */
function nested(field: string, value: Json, path: Path, context: Context): Search {
  const { at, problems } = context
  const one = (map: Json, place: Path): Search => {
    const entries = isObject(map) ? Object.entries(map) : []
    if (entries.length === 0)
      problems.push(problem('sigma/value', 'a nested mapping has fields, and stands only beside others', at(place)))
    const parts = entries.map(([key, inner]) => compileField(`${field}.${key}`, inner, [...place, key], context))
    return { kind: 'and', parts }
  }
  if (!Array.isArray(value)) return one(value, path)
  return { kind: 'or', parts: value.map((map: Json, index) => one(map, [...path, index])) }
}

/** Whether the view satisfies the search. */
export function holds(search: Search, view: View): boolean {
  switch (search.kind) {
    case 'atom':
      return view.satisfies(search)
    case 'not':
      return !holds(search.part, view)
    case 'and':
      for (const part of search.parts) if (!holds(part, view)) return false
      return true
    case 'or':
      for (const part of search.parts) if (holds(part, view)) return true
      return false
  }
}

/** The atoms that made the search hold. */
export function holding(search: Search, view: View): readonly Atom[] {
  switch (search.kind) {
    case 'atom':
      return view.satisfies(search) ? [search] : []
    case 'not':
      return []
    default:
      return search.parts.filter((part) => holds(part, view)).flatMap((part) => holding(part, view))
  }
}

/** All atoms of the search. */
export function atomsOf(search: Search): readonly Atom[] {
  if (search.kind === 'atom') return [search]
  return search.kind === 'not' ? atomsOf(search.part) : search.parts.flatMap(atomsOf)
}

/** All fields that the search reads. */
export function fieldsOf(search: Search): readonly string[] {
  return atomsOf(search).flatMap((atom) => atom.field ?? [])
}

/** Whether the search looks for something in all of a record. */
export function hasKeywords(search: Search): boolean {
  return atomsOf(search).some((atom) => atom.field === null)
}
