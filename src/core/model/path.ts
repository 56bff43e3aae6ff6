import { isObject, type Json, type JsonObject, own } from './json.ts'

/** The value at a dotted path through own members only; undefined when any part is missing. */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  const direct = own(object, path)
  if (direct !== undefined || !path.includes('.')) return direct
  let value: Json | undefined = object
  for (const part of path.split('.')) {
    if (!isObject(value)) return undefined
    value = own(value, part)
  }
  return value
}
