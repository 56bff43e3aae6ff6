import { type Json, type JsonObject, own } from '../../model/index.ts'
import { typedValue } from './check-variables.ts'
import { type Path, quoted, type Report, textAt, variableName } from './form.ts'

/** A variable of the document under the name that it has in our playbook. */
export interface Variable {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean'
  readonly value: Json
  readonly isConstant: boolean
  /** Whether somebody has to give its value. */
  readonly isRequired: boolean
  readonly description: string
}

/** Variables by their name in the document, without the underscores around it. */
export type Variables = ReadonlyMap<string, Variable>

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])
const kinds: ReadonlyMap<string, Variable['type']> = new Map([
  ['bool', 'boolean'],
  ['integer', 'integer'],
  ['long', 'integer'],
  ['float', 'number'],
])
const nothing = { string: '', integer: 0, number: 0, boolean: false } as const

/** Reads a dictionary of variables. Names that our language cannot write are changed; `taken` keeps them apart. */
export function readVariables(given: JsonObject, taken: Set<string>): Map<string, Variable> {
  const found = new Map<string, Variable>()
  for (const [key, raw] of Object.entries(given)) {
    const original = variableName(key)
    if (original === null) continue
    const one = raw as JsonObject
    const given = textAt(one, 'value')
    const type = kinds.get(textAt(one, 'type') ?? '') ?? 'string'
    found.set(original, {
      name: nameFor(original, taken),
      type,
      value: (given === null ? undefined : typedValue(textAt(one, 'type') ?? '', given)) ?? nothing[type],
      isConstant: own(one, 'constant') === true,
      isRequired: own(one, 'external') === true && given === null,
      description: (textAt(one, 'description') ?? '').slice(0, 200) || `the variable ${original}`,
    })
  }
  return found
}

function nameFor(original: string, taken: Set<string>): string {
  const plain = original.replaceAll('-', '_').slice(0, 32)
  const base = forbidden.has(plain) ? `v_${plain.replaceAll('_', '')}` : plain
  let name = base
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
  taken.add(name)
  return name
}

/** Text of the document as a value of our language: only `__name__:value` is replaced, all else stays text. */
export function textValue(text: string, variables: Variables): string {
  const clipped = text.length > maxText ? `${text.slice(0, maxText)} … (shortened)` : text
  const parts: string[] = []
  let at = 0
  for (const match of clipped.matchAll(/__([a-zA-Z_][a-zA-Z0-9_-]{0,199})__:value/g)) {
    const variable = variables.get(match[1] as string)
    if (variable === undefined) continue
    parts.push(literal(clipped.slice(at, match.index)), `{{ vars.${variable.name} }}`)
    at = match.index + match[0].length
  }
  return [...parts, literal(clipped.slice(at))].join('')
}

const maxText = 1200

/** Text that means itself in our language: a brace that would begin or end something is written as an expression that gives it. */
export const literal = (text: string) => text.replace(/\{(?=[{%#])|\{$|(?<=#)\}/g, (brace) => `{{ '${brace}' }}`)

/** The variables that a step names in a list of arguments; unknown ones are problems. */
export function argumentsOf(
  names: readonly Json[],
  variables: Variables,
  path: Path,
  report: Report,
): readonly (readonly [string, Variable])[] {
  return names.flatMap((one, index) => {
    const original = variableName(String(one))
    const variable = original === null ? undefined : variables.get(original)
    if (variable === undefined || original === null) {
      report.error('reference', `there is no variable ${quoted(one)}`, [...path, index])
      return []
    }
    return [[original, variable] as const]
  })
}
