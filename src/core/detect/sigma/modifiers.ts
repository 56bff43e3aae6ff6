import type { Json } from '../../model/index.ts'
import { compileCidr } from './address-test.ts'
import { compileFieldReference } from './field-test.ts'
import { anyOf } from './literals.ts'
import { type TimePart, timeParts, type ValueFault, valueFault } from './modifier-rules.ts'
import { compileOrder, compileTimePart, type Order } from './number-test.ts'
import { parsePattern } from './pattern.ts'
import { expandPlaceholders, noPlaceholders, type Placeholders } from './placeholders.ts'
import { compileRegex } from './regex.ts'
import { literalsOfRegex } from './regex-literals.ts'
import { compileText } from './text-test.ts'
import { unbound, type ValueTest } from './value-test.ts'

/** What the values of one field have in common. */
export interface ValueContext {
  /** As written, in order; they have passed `modifierFault`. */
  readonly modifiers: readonly string[]
  /** Whether there is no field: the value is looked for in all values of the record. */
  readonly keyword: boolean
  /** How many values the field has. */
  readonly valueCount: number
  readonly placeholders?: Placeholders
}

/** Compiles one value under the modifiers of its field (`all` and `neq` aside, which join values). */
export function compileValueTest(value: Json, context: ValueContext): ValueTest | ValueFault {
  const { modifiers, keyword, valueCount, placeholders = noPlaceholders } = context
  const fault = valueFault(value, modifiers, keyword, valueCount)
  if (fault !== null) return fault
  if (typeof value !== 'string' || !modifiers.includes('expand')) return compileValue(value, modifiers, keyword)
  const texts = expandPlaceholders(value, placeholders, modifiers.includes('re') ? asExpression : undefined)
  if ('message' in texts) return texts
  const tests: ValueTest[] = []
  for (const text of texts) {
    const test = compileValue(text, modifiers, keyword)
    if ('message' in test) return test
    tests.push(test)
  }
  return {
    test: (view, field) => tests.some(({ test }) => test(view, field)),
    needs: anyOf(tests.map((one) => one.needs)),
  }
}

function compileValue(value: Json, modifiers: readonly string[], keyword: boolean): ValueTest | ValueFault {
  const has = (name: string) => modifiers.includes(name)
  if (has('exists'))
    return typeof value === 'boolean'
      ? unbound((_view, field) => field.present === value)
      : { message: '"exists" takes true or false' }
  if (value === null)
    return unbound((_view, field) => field.values.includes(null) || (field.values.length === 0 && !field.structured))
  const text = String(value)
  if (has('fieldref')) return compileFieldReference(text, modifiers)
  if (has('re')) return compileExpression(text, has)
  if (has('cidr')) return compileCidr(text)
  const order = (['lt', 'lte', 'gt', 'gte'] as const satisfies readonly Order[]).find(has)
  const part = (Object.keys(timeParts) as TimePart[]).find(has)
  if (part !== undefined) return compileTimePart(value, part, order ?? 'eq')
  if (order !== undefined) return compileOrder(value, order)
  return compileText(text, modifiers, keyword)
}

function compileExpression(source: string, has: (name: string) => boolean): ValueTest | ValueFault {
  const test = compileRegex(source, { i: has('i'), m: has('m'), s: has('s') })
  if (typeof test !== 'function') return test
  return {
    test: (_view, field) => field.values.some((one) => one !== null && test(String(one))),
    needs: literalsOfRegex(source.replace(/^\(\?[ims]+\)/, '')),
  }
}

/** A placeholder's value inside an expression: its text, and its wildcards as expressions. */
function asExpression(value: string): string {
  return parsePattern(value)
    .tokens.map((token) =>
      token.kind === 'text'
        ? token.text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
        : token.kind === 'any'
          ? '(?s:.*)'
          : '(?s:.)',
    )
    .join('')
}
