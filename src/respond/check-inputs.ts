import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { JsonObject } from '../core/model/index.ts'
import type { ActionSpec } from '../core/normalize/index.ts'

const AjvClass =
  (Ajv2020 as unknown as { default?: typeof Ajv2020.default }).default ?? (Ajv2020 as unknown as typeof Ajv2020.default)
const formats =
  (addFormats as unknown as { default?: typeof addFormats.default }).default ??
  (addFormats as unknown as typeof addFormats.default)
const ajv = new AjvClass({ strict: false, allErrors: false })
formats(ajv)
const compiled = new WeakMap<ActionSpec, ValidateFunction>()

/** Why the inputs do not fit the action's schema, or null. They were rendered from an incident: an attacker wrote parts of them. */
export function checkInputs(spec: ActionSpec, inputs: JsonObject): string | null {
  let validate = compiled.get(spec)
  if (validate === undefined) {
    validate = ajv.compile(spec.input as object)
    compiled.set(spec, validate)
  }
  if (validate(inputs)) return null
  const [error] = validate.errors ?? []
  return `input ${error?.instancePath.slice(1) || 'object'} ${error?.message ?? 'is not valid'}`
}
