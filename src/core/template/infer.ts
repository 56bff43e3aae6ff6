import type { Json } from '../model/index.ts'
import { pathOf, type TemplateNode } from './node.ts'
import {
  anything,
  constantOf,
  either,
  isOptional,
  type Kind,
  listOf,
  memberOf,
  objectOf,
  type Type,
  text,
  typeOf,
  without,
} from './type.ts'

/** The type of a name that expressions begin with, and of what a condition has shown of a path. */
export type TypeScope = (path: readonly string[]) => Type

/** A use of something that may be missing or is of the wrong kind, in words. */
export type Faults = string[]

interface Signature {
  /** What it takes; anything else is a fault. */
  readonly takes: readonly Kind[]
  readonly gives: (given: Type, args: readonly Type[]) => Type
}

const scalars: readonly Kind[] = ['string', 'number', 'boolean', 'null']
const all: readonly Kind[] = [...scalars, 'list', 'object']
const number = typeOf('number')
const optional = (type: Type, why: string): Type => ({ ...either(type, typeOf('undefined')), missing: why })
const itemsOf = (given: Type) => given.items ?? anything

/** What each filter takes and gives; filters.ts has what they do, and a test holds the two together. */
export const signatures: Readonly<Record<string, Signature>> = {
  default: {
    takes: [...all, 'undefined'],
    gives: (given, [other]) => either(without(given, 'null', 'undefined'), other ?? anything),
  },
  length: { takes: ['string', 'list'], gives: () => number },
  first: { takes: ['list'], gives: (given) => optional(itemsOf(given), 'the list may be empty') },
  last: { takes: ['list'], gives: (given) => optional(itemsOf(given), 'the list may be empty') },
  join: { takes: ['list'], gives: () => text },
  lower: { takes: ['string'], gives: () => text },
  upper: { takes: ['string'], gives: () => text },
  trim: { takes: ['string'], gives: () => text },
  truncate: { takes: ['string'], gives: () => text },
  before: { takes: ['string'], gives: () => text },
  after: { takes: ['string'], gives: () => text },
  string: { takes: all, gives: () => text },
  int: {
    takes: ['string', 'number'],
    gives: (given) => (given.kinds.has('string') ? optional(number, 'the text may be no number') : number),
  },
  float: {
    takes: ['string', 'number'],
    gives: (given) => (given.kinds.has('string') ? optional(number, 'the text may be no number') : number),
  },
  round: { takes: ['number'], gives: () => number },
  min: { takes: ['list'], gives: () => optional(number, 'the list may be empty') },
  max: { takes: ['list'], gives: () => optional(number, 'the list may be empty') },
  sort: { takes: ['list'], gives: (given) => listOf(itemsOf(given)) },
  unique: { takes: ['list'], gives: (given) => listOf(itemsOf(given)) },
  json: { takes: all, gives: () => text },
  iso: { takes: ['number'], gives: () => text },
  epochms: { takes: ['string'], gives: () => optional(number, 'the text may be no time') },
  md: { takes: all, gives: () => text },
  slack: { takes: all, gives: () => text },
}

/** The type of an expression, and what is wrong with it, for whatever values its names may have. */
export function infer(node: TemplateNode, scope: TypeScope, faults: Faults): Type {
  const part = (child: TemplateNode | undefined) => (child === undefined ? anything : infer(child, scope, faults))
  const used = (child: TemplateNode | undefined) => use(child, part(child), faults)
  const secretOf = (type: Type, ...from: readonly Type[]): Type =>
    from.some((one) => one.secret) ? { ...type, secret: true } : type
  switch (node.typename) {
    case 'Literal':
      return constantOf((node.value ?? null) as Json)
    case 'Symbol':
    case 'LookupVal': {
      const path = pathOf(node)
      if (path !== null) return scope(path)
      const target = used(node.target)
      part(node.val)
      return secretOf(target.items ?? anything, target)
    }
    case 'Filter': {
      const name = String(node.name?.value)
      const [first, ...more] = node.args?.children ?? []
      const given = part(first)
      const args = more.map((one) => used(one))
      const signature = signatures[name]
      if (signature === undefined) return anything
      if (name !== 'default') use(first, given, faults)
      const wrong = [...given.kinds].filter(
        (kind) => kind !== 'undefined' && kind !== 'null' && !signature.takes.includes(kind),
      )
      if (wrong.length > 0 && given.kinds.size < 5) faults.push(`the filter ${name} takes no ${wrong.join(' or ')}`)
      return secretOf(signature.gives(given, args), given, ...args)
    }
    case 'InlineIf': {
      part(node.cond)
      return either(
        part(node.body),
        node.else_ === undefined || node.else_ === null ? typeOf('undefined') : part(node.else_),
      )
    }
    case 'Compare': {
      part(node.expr)
      for (const one of node.ops ?? []) part(one.expr)
      return typeOf('boolean')
    }
    case 'In':
      part(node.left)
      part(node.right)
      return typeOf('boolean')
    case 'Not':
      part(node.target)
      return typeOf('boolean')
    case 'And':
    case 'Or':
      return either(part(node.left), part(node.right))
    case 'Concat':
      return secretOf(text, used(node.left), used(node.right))
    case 'Add': {
      const [left, right] = [used(node.left), used(node.right)]
      const isText = left.kinds.has('string') || right.kinds.has('string')
      return secretOf(isText ? text : number, left, right)
    }
    case 'Sub':
    case 'Mul':
    case 'Div':
    case 'Mod': {
      const sides = [used(node.left), used(node.right)]
      for (const side of sides)
        if (![...side.kinds].some((kind) => kind === 'number')) faults.push('it calculates with what is no number')
      return secretOf(number, ...sides)
    }
    case 'Neg':
    case 'Pos':
      return secretOf(number, used(node.target))
    case 'Group':
      return part(node.children?.[0])
    case 'Array': {
      const items = (node.children ?? []).map((one) => used(one))
      const [first, ...rest] = items
      return first === undefined ? listOf(typeOf()) : listOf(rest.reduce(either, first))
    }
    case 'Dict':
      return objectOf(
        Object.fromEntries(
          (node.children ?? []).map((one) => [String(one.key?.value), used(one.value as TemplateNode)]),
        ),
      )
    default:
      return anything
  }
}

/** What is used must be there: nothing missing, nothing null. */
export function use(node: TemplateNode | undefined, type: Type, faults: Faults): Type {
  if (!isOptional(type)) return type
  const path = node === undefined ? null : pathOf(node)
  faults.push(
    `${path === null ? 'a value' : `"${path.join('.')}"`} may be missing: ${type.missing ?? 'it may be null'}`,
  )
  return without(type, 'null', 'undefined')
}

/** The type of a name and its members, one after the other. */
export function typeAlong(root: Type, members: readonly string[]): Type {
  return members.reduce(memberOf, root)
}
