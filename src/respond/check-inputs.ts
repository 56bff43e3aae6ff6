import { isObject, type JsonObject } from '../core/model/index.ts'
import type { ActionSpec } from '../core/normalize/index.ts'
import { faultOf } from './check-schema.ts'

/** Why the inputs do not fit the action's schema, or null. They were rendered from an incident: an attacker wrote parts of them. */
export function checkInputs(spec: ActionSpec, inputs: JsonObject): string | null {
  const fault = isObject(spec.input) ? faultOf(spec.input, inputs) : 'object has no schema'
  return fault === null ? null : `input ${fault}`
}
