import type { ValidateFunction } from 'ajv/dist/2020.js'
import { createAjv, schemaFault } from '../core/content/index.ts'
import type { Json, JsonObject } from '../core/model/index.ts'

const ajv = createAjv({ strict: false, allErrors: false })
const compiled = new WeakMap<JsonObject, ValidateFunction>()

/** Why a value does not fit a JSON Schema, or null. */
export function faultOf(schema: JsonObject, value: Json): string | null {
  const validate = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validate)
  return validate(value) ? null : schemaFault(validate)
}
