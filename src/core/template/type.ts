import { isObject, type Json, type JsonObject } from '../model/index.ts'

const kinds = ['string', 'number', 'boolean', 'list', 'object', 'null', 'undefined'] as const
export type Kind = (typeof kinds)[number]

/** What a value may be: a set of kinds, and what is known of each. */
export interface Type {
  readonly kinds: ReadonlySet<Kind>
  /** Of lists. */
  readonly items: Type | null
  /** Of objects; null when anything may stand in them. */
  readonly members: ReadonlyMap<string, Type> | null
  /** The only texts and numbers it may be; null when any. */
  readonly values: readonly Json[] | null
  /** Whether it was declared secret, or was made of something that was. */
  readonly secret: boolean
  /** Why it may be null or missing, in words. */
  readonly missing: string | null
}

/** As many values of a type are told apart. */
const maxValues = 200
const plain = { items: null, members: null, values: null, secret: false, missing: null }

/** A type of these kinds. */
export const typeOf = (...given: readonly Kind[]): Type => ({ ...plain, kinds: new Set(given) })
export const text = typeOf('string')
export const anything = typeOf('string', 'number', 'boolean', 'list', 'object', 'null')
export const listOf = (items: Type): Type => ({ ...typeOf('list'), items, secret: items.secret })
export const objectOf = (members: Readonly<Record<string, Type>>): Type => ({
  ...typeOf('object'),
  members: new Map(Object.entries(members)),
})
export const missing = (why: string): Type => ({ ...typeOf('undefined'), missing: why })
export const constantOf = (value: Json): Type => ({
  ...typeOf(kindOf(value)),
  values: isScalar(value) ? [value] : null,
})

const isScalar = (value: Json) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  return typeof value as 'string' | 'number' | 'boolean' | 'object'
}

/** What is either of two types. */
export function either(a: Type, b: Type): Type {
  const both = (kind: Kind) => a.kinds.has(kind) && b.kinds.has(kind)
  const one = (kind: Kind) => (a.kinds.has(kind) ? a : b)
  const hasScalar = (type: Type) => ['string', 'number', 'boolean'].some((kind) => type.kinds.has(kind as Kind))
  return {
    kinds: new Set([...a.kinds, ...b.kinds]),
    items: both('list') ? (a.items && b.items ? either(a.items, b.items) : null) : one('list').items,
    members: both('object') ? eitherMembers(a.members, b.members) : one('object').members,
    values: !hasScalar(a)
      ? b.values
      : !hasScalar(b)
        ? a.values
        : a.values && b.values
          ? union(a.values, b.values)
          : null,
    secret: a.secret || b.secret,
    missing: a.missing ?? b.missing,
  }
}

/** The values of both, each once; past a bound they are as good as any. */
function union(a: readonly Json[], b: readonly Json[]): readonly Json[] | null {
  const all = new Set([...a, ...b])
  return all.size > maxValues ? null : [...all]
}

function eitherMembers(a: Type['members'], b: Type['members']): Type['members'] {
  if (a === null || b === null) return null
  const gone = missing('it is not always there')
  return new Map(
    [...new Set([...a.keys(), ...b.keys()])].map((name) => [name, either(a.get(name) ?? gone, b.get(name) ?? gone)]),
  )
}

/** The type without these kinds. */
export function without(type: Type, ...gone: readonly Kind[]): Type {
  const left = new Set([...type.kinds].filter((kind) => !gone.includes(kind)))
  return { ...type, kinds: left, missing: left.has('null') || left.has('undefined') ? type.missing : null }
}

export const isOptional = (type: Type) => type.kinds.has('null') || type.kinds.has('undefined')

/** A member of a value. What is looked for in something missing is missing for the same reason. */
export function memberOf(type: Type, name: string): Type {
  const found: Type[] = []
  if (type.kinds.has('object'))
    found.push(type.members === null ? anything : (type.members.get(name) ?? missing(`there is no "${name}" in it`)))
  if (type.kinds.has('list') && /^\d+$/.test(name))
    found.push(either(type.items ?? anything, missing('the list may be shorter')))
  if ((type.kinds.has('list') || type.kinds.has('string')) && name === 'length') found.push(typeOf('number'))
  if (isOptional(type)) found.push(missing(type.missing ?? 'it may be missing'))
  const [first, ...more] = found
  const result = first === undefined ? missing(`it has no member "${name}"`) : more.reduce(either, first)
  return type.secret ? { ...result, secret: true } : result
}

/** The type that a JSON Schema describes, as far as it says; `x-secret: true` marks what must not be told. */
export function typeOfSchema(schema: Json | undefined, depth = 0): Type {
  if (!isObject(schema) || depth > 8) return anything
  const named = (Array.isArray(schema.type) ? (schema.type as readonly Json[]) : [schema.type]).map(String)
  const given = named.flatMap((name): Kind[] =>
    name === 'array' ? ['list'] : name === 'integer' ? ['number'] : kinds.includes(name as Kind) ? [name as Kind] : [],
  )
  const base = given.length === 0 ? anything : typeOf(...given)
  const values = Array.isArray(schema.enum)
    ? (schema.enum as readonly Json[])
    : schema.const === undefined
      ? null
      : [schema.const]
  return {
    ...base,
    values,
    items: base.kinds.has('list') ? typeOfSchema(schema.items, depth + 1) : null,
    members: base.kinds.has('object') ? membersOf(schema, depth) : null,
    secret: schema['x-secret'] === true,
    missing: base.kinds.has('null') ? 'it may be null' : null,
  }
}

function membersOf(schema: JsonObject, depth: number): Type['members'] {
  if (!isObject(schema.properties)) return null
  const required = Array.isArray(schema.required) ? (schema.required as readonly Json[]) : []
  const optional = missing('it is not always there')
  return new Map(
    Object.entries(schema.properties).map(([name, one]) => {
      const type = typeOfSchema(one, depth + 1)
      const always = required.includes(name) || (isObject(one) && one.default !== undefined)
      return [name, always ? type : either(type, optional)]
    }),
  )
}

/** Why a value of one type cannot stand where another is wanted, or null. `missing` is told by who reads the value. */
export function misfit(given: Type, wanted: Type): string | null {
  const wrong = [...given.kinds].filter((kind) => kind !== 'undefined' && !wanted.kinds.has(kind))
  if (wrong.length > 0)
    return `it may be ${wrong.map(article).join(' or ')}, and ${[...wanted.kinds].map(article).join(' or ')} is wanted`
  if (given.kinds.has('undefined')) return given.missing ?? 'it may be missing'
  if (wanted.values !== null) {
    const other = given.values?.find((one) => !wanted.values?.includes(one))
    if (other !== undefined)
      return `it may be ${JSON.stringify(other)}, and one of ${wanted.values.map((one) => JSON.stringify(one)).join(', ')} is wanted`
  }
  if (given.kinds.has('list') && given.items !== null && wanted.items !== null) {
    const inner = misfit(given.items, wanted.items)
    if (inner !== null) return `of its items: ${inner}`
  }
  for (const [name, type] of given.kinds.has('object') ? (wanted.members ?? []) : []) {
    const inner = given.members === null ? null : misfit(given.members.get(name) ?? missing('it is not there'), type)
    if (inner !== null && !(type.kinds.has('undefined') && given.members?.get(name) === undefined))
      return `"${name}": ${inner}`
  }
  return null
}

const article = (kind: Kind) =>
  ({
    string: 'text',
    number: 'a number',
    boolean: 'true or false',
    list: 'a list',
    object: 'an object',
    null: 'null',
    undefined: 'missing',
  })[kind]
