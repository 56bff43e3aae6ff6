import type { ValidateFunction } from 'ajv/dist/2020.js'
import { createAjv } from '../core/content/index.ts'
import type { Json, JsonObject } from '../core/model/index.ts'

const ajv = createAjv({ strict: false, allErrors: false })
const filling = createAjv({ strict: false, allErrors: false, useDefaults: true })
const compiled = new WeakMap<JsonObject, ValidateFunction>()
const compiledFilling = new WeakMap<JsonObject, ValidateFunction>()

function validator(schema: JsonObject, by: typeof ajv, known: WeakMap<JsonObject, ValidateFunction>): ValidateFunction {
  const before = known.get(schema)
  if (before !== undefined) return before
  const validate = by.compile(schema)
  known.set(schema, validate)
  return validate
}

const said = (validate: ValidateFunction) => {
  const [error] = validate.errors ?? []
  return `${error?.instancePath.slice(1) || 'object'} ${error?.message ?? 'is not valid'}`
}

/** Why a value does not fit a JSON Schema, or null. */
export function faultOf(schema: JsonObject, value: Json): string | null {
  const validate = validator(schema, ajv, compiled)
  return validate(value) ? null : said(validate)
}

/** Inputs with the defaults of their schema filled in, or why they do not fit. */
export function filledInputs(
  schema: JsonObject,
  given: JsonObject,
): { readonly ok: true; readonly inputs: JsonObject } | { readonly ok: false; readonly why: string } {
  const inputs = structuredClone(given) as JsonObject
  const validate = validator(schema, filling, compiledFilling)
  return validate(inputs) ? { ok: true, inputs } : { ok: false, why: `input ${said(validate)}` }
}
