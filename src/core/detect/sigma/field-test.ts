import type { ValueFault } from './modifier-rules.ts'
import { literalOf, parsePattern } from './pattern.ts'
import type { ValueTest } from './value-test.ts'
import type { Field } from './view.ts'

/** Values of the other field that are looked for inside those of the first; equality takes all. */
const maxParts = 100

/** `fieldref`: whether a field holds what another field of the event holds; null and missing equal nothing. */
export function compileFieldReference(value: string, modifiers: readonly string[]): ValueTest | ValueFault {
  const other = literalOf(parsePattern(value))
  if (other === null || other === '')
    return { message: '"fieldref" takes the name of a field, without wildcards', hint: 'escape a star in a name: \\*' }
  const texts = modifiers.includes('cased') ? casedTexts : (field: Field) => field.lower()
  const place = (['contains', 'startswith', 'endswith'] as const).find((name) => modifiers.includes(name))
  const test: ValueTest['test'] =
    place === undefined
      ? (view, field) => {
          const others = new Set(texts(view.field(other)))
          return others.size > 0 && texts(field).some((one) => others.has(one))
        }
      : (view, field) => {
          const others = texts(view.field(other)).slice(0, maxParts)
          return texts(field).some((one) => others.some((part) => holdsAt[place](one, part)))
        }
  return { test, needs: null, other }
}

const holdsAt = {
  contains: (text: string, part: string) => text.includes(part),
  startswith: (text: string, part: string) => text.startsWith(part),
  endswith: (text: string, part: string) => text.endsWith(part),
}

const casedTexts = (field: Field) => field.values.flatMap((one) => (one === null ? [] : [String(one)]))
