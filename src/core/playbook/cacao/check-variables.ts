import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { type Path, quoted, type Report, variableName } from './form.ts'

/** A value of a variable as its type means it; undefined when the text does not suit the type. */
export function typedValue(type: string, value: string): Json | undefined {
  if (type === 'bool') return value === 'true' ? true : value === 'false' ? false : undefined
  if (type === 'integer' || type === 'long') return /^-?\d{1,15}$/.test(value) ? Number(value) : undefined
  if (type === 'float') return /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : undefined
  return value
}

/** Checks a dictionary of variables (section 10.18): names, types, and values that suit their types. */
export function checkVariables(variables: JsonObject, path: Path, report: Report): void {
  for (const [key, one] of Object.entries(variables)) {
    const at = [...path, key]
    if (variableName(key) === null)
      report.error('variable', `a variable is named like __name__, not ${quoted(key)}`, at)
    if (!isObject(one)) {
      report.error('variable', 'a variable is a mapping with a type', at)
      continue
    }
    const type = own(one, 'type')
    const value = own(one, 'value')
    if (typeof type !== 'string') report.error('required', 'a variable has a type', at)
    else if (value !== undefined && value !== null && typeof value !== 'string')
      report.error('variable', 'the value of a variable is text', [...at, 'value'])
    else if (typeof value === 'string' && typedValue(type, value) === undefined)
      report.error('variable', `${quoted(value)} is no ${type}`, [...at, 'value'])
    for (const flag of ['constant', 'external'])
      if (own(one, flag) !== undefined && typeof own(one, flag) !== 'boolean')
        report.error('variable', `${flag} is true or false`, [...at, flag])
  }
}
