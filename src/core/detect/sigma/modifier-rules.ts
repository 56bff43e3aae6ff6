import type { Json } from '../../model/index.ts'

/** Parts of a date that a modifier takes out, with the numbers they can be. */
export const timeParts = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [1970, 9999],
} as const

export type TimePart = keyof typeof timeParts

const places = ['contains', 'startswith', 'endswith'] as const
const orders = ['lt', 'lte', 'gt', 'gte'] as const
const wides = ['wide', 'utf16', 'utf16le', 'utf16be'] as const
const base64s = ['base64', 'base64offset'] as const

/** The modifiers of the specification (modifiers appendix); anything else is an error at load. */
export const modifierNames = [
  ...places,
  ...['all', 'cased', 'neq', 're', 'i', 'm', 's', 'cidr', 'exists', 'fieldref', 'expand', 'windash'],
  ...[...base64s, ...wides, ...orders],
  ...(Object.keys(timeParts) as TimePart[]),
]

/** Why modifiers or a value do not go together. */
export interface ValueFault {
  readonly message: string
  readonly hint?: string
}

/** What each modifier that gives a value its type goes with; `all`, `neq` and `expand` are said apart. */
const companions: Readonly<Record<string, readonly string[]>> = {
  re: ['i', 'm', 's'],
  cidr: [],
  exists: [],
  fieldref: [...places, 'cased'],
  ...Object.fromEntries(orders.map((name) => [name, Object.keys(timeParts)])),
  ...Object.fromEntries(Object.keys(timeParts).map((name) => [name, orders])),
}

const joining = ['all', 'neq', 'expand']
const ofFields = ['exists', 'fieldref', 'cidr', ...orders, ...Object.keys(timeParts)]

/**
 * What is wrong with the modifiers of one field, taken together: repeated, contradictory, in an order that would mean
 * something else (they are applied from left to right), or on keywords, which have no field. Null when nothing is.
 */
export function modifierFault(modifiers: readonly string[], keyword: boolean, valueCount: number): ValueFault | null {
  const has = (name: string) => modifiers.includes(name)
  const at = (name: string) => modifiers.indexOf(name)
  const repeated = modifiers.find((name, index) => at(name) !== index)
  if (repeated !== undefined) return { message: `"${repeated}" is written twice` }
  const bare = keyword ? ofFields.find(has) : undefined
  if (bare !== undefined) return { message: `"${bare}" needs the name of a field before it` }
  if (has('all') && valueCount === 1)
    return { message: '"all" joins several values, and there is one', hint: 'remove "all", or use a second search' }
  const flag = ['i', 'm', 's'].find((name) => has(name) && (!has('re') || at(name) < at('re')))
  if (flag !== undefined) return { message: `"${flag}" only goes with "re"`, hint: `write |re|${flag}` }
  const type = modifiers.find((name) => Object.hasOwn(companions, name))
  if (type !== undefined) {
    const other = modifiers.find(
      (name) => name !== type && !joining.includes(name) && !companions[type]?.includes(name),
    )
    if (other !== undefined) return besides(type, other)
  }
  if (has('exists') && modifiers.length > 1) return besides('exists', modifiers.find((name) => name !== 'exists') ?? '')
  if (has('fieldref')) {
    const early = places.find((name) => has(name) && at(name) < at('fieldref'))
    if (early !== undefined) return { message: `"${early}" stands before "fieldref"`, hint: `write |fieldref|${early}` }
  }
  const order = orders.find(has)
  if (order !== undefined && has('neq')) return besides(order, 'neq')
  return (
    pairFault(places, has) ?? pairFault(orders, has) ?? pairFault(Object.keys(timeParts), has) ?? textFault(modifiers)
  )
}

function besides(one: string, other: string): ValueFault {
  const hint =
    one === 're' && ['contains', 'startswith', 'endswith'].includes(other)
      ? 'an expression finds anywhere: anchor it with ^ or $'
      : one === 're' && other === 'cased'
        ? 'expressions keep case unless |re|i'
        : undefined
  return { message: `"${one}" and "${other}" do not go together`, ...(hint === undefined ? {} : { hint }) }
}

function pairFault(names: readonly string[], has: (name: string) => boolean): ValueFault | null {
  const [one, other] = names.filter(has)
  return one === undefined || other === undefined ? null : besides(one, other)
}

/** Transformations of text are applied from left to right, and only some orders have a meaning. */
function textFault(modifiers: readonly string[]): ValueFault | null {
  const at = (name: string) => modifiers.indexOf(name)
  const has = (name: string) => modifiers.includes(name)
  const wide = pairFault(wides, has)
  if (wide !== null) return wide
  const encodings = modifiers.filter((name) => [...base64s, ...wides].includes(name as never))
  for (const early of [...places, 'cased']) {
    const late = encodings.find((name) => has(early) && at(early) < at(name))
    if (late !== undefined)
      return { message: `"${early}" stands before "${late}"`, hint: `encode first: write |${late}|${early}` }
  }
  for (const late of ['expand', 'windash']) {
    const early = encodings.find((name) => has(late) && at(name) < at(late))
    if (early !== undefined)
      return { message: `"${late}" stands after "${early}"`, hint: `encoded text has none: write |${late}|${early}` }
  }
  const after = encodings[encodings.indexOf('base64offset') + 1]
  if (has('base64offset') && after !== undefined) return besides('base64offset', after)
  return null
}

/** What is wrong with a value under its modifiers: of another type than they take. Null when nothing is. */
export function valueFault(
  value: Json,
  modifiers: readonly string[],
  keyword: boolean,
  valueCount: number,
): ValueFault | null {
  if (typeof value === 'object' && value !== null)
    return { message: 'a value is text, a number, true, false, null or a list of these' }
  if (value === null) {
    if (keyword) return { message: 'a keyword is text or a number' }
    const modifier = modifiers.find((name) => name !== 'neq')
    if (modifier !== undefined) return { message: `"${modifier}" takes no null` }
    if (valueCount > 1)
      return {
        message: 'null cannot be one of several values',
        hint: 'make a search of its own of it, and "1 of" them',
      }
  }
  if (typeof value !== 'string') {
    const needsText = modifiers.find((name) =>
      ['re', 'cidr', 'fieldref', 'windash', 'expand', ...base64s, ...wides].includes(name),
    )
    if (needsText !== undefined) return { message: `"${needsText}" takes text`, hint: 'quote the value' }
  }
  return null
}
