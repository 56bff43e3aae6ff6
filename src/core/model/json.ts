/** A JSON value as it came from outside, already parsed and never trusted. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. Read members only through {@link own}: names such as `__proto__` are data here. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** True for a JSON object, false for arrays, null and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object's own member of that name, or undefined; members of prototypes are never seen. */
export function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
