import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { JsonObject } from '../model/index.ts'
import { createAjv } from './ajv.ts'

const ajv = createAjv({ strict: false, allErrors: false, useDefaults: true })
const compiled = new WeakMap<JsonObject, ValidateFunction>()

/** Inputs with the defaults of their schema filled in, or why they do not fit. */
export function filledInputs(
  schema: JsonObject,
  given: JsonObject,
): { readonly ok: true; readonly inputs: JsonObject } | { readonly ok: false; readonly why: string } {
  const inputs = structuredClone(given) as JsonObject
  const validate = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validate)
  return validate(inputs) ? { ok: true, inputs } : { ok: false, why: `input ${schemaFault(validate)}` }
}

/** What a check by schema found first, in words. */
export function schemaFault(validate: ValidateFunction): string {
  const [error] = validate.errors ?? []
  return `${error?.instancePath.slice(1) || 'object'} ${error?.message ?? 'is not valid'}`
}
