import type { Condition } from '../condition/index.ts'
import { type IncidentNumber, isObject, type Json, type JsonObject, type Place } from '../model/index.ts'
import type { Value } from '../template/index.ts'

/** A webhook that sets a playbook off: `POST /hooks/<path>`. Its values read one name, `body`. */
export interface PlaybookHook {
  readonly path: string
  /** How a request proves where it comes from: a scheme of ingest with its parameters, secrets by name. */
  readonly verify: JsonObject
  /** The incident that is meant: a number, `INC-7` or `#7`. */
  readonly incident: Value
  /** What makes two requests the same one; null = their bytes. */
  readonly key: Value | null
  readonly inputs: Value
  /** Asked about the incident's facts and `inputs.<name>`, beside the trigger's own `when`. */
  readonly when: Condition | null
  readonly place: Place
}

/** What a request asks for. Inputs are not held against the playbook's schema yet. */
export interface HookWish {
  readonly incident: IncidentNumber
  readonly key: string | null
  readonly inputs: JsonObject
}

const maxKey = 200

/** Reads a request's body, which its sender wrote; says what is wrong with it where it cannot be understood. */
export function readHookBody(
  hook: PlaybookHook,
  body: JsonObject,
): { readonly ok: true; readonly wish: HookWish } | { readonly ok: false; readonly why: string } {
  const incident = read(hook.incident, body, incidentNumber, 'it is a number, or text like INC-7')
  if (!incident.ok) return { ok: false, why: `incident: ${incident.why}` }
  const key =
    hook.key === null ? null : read(hook.key, body, keyText, `it is a number or text of 1 to ${maxKey} characters`)
  if (key?.ok === false) return { ok: false, why: `key: ${key.why}` }
  const inputs = read(hook.inputs, body, (value) => (isObject(value) ? value : null), 'they are an object')
  if (!inputs.ok) return { ok: false, why: `inputs: ${inputs.why}` }
  return { ok: true, wish: { incident: incident.value, key: key?.value ?? null, inputs: inputs.value } }
}

function read<T>(value: Value, body: JsonObject, take: (value: Json) => T | null, form: string) {
  const rendered = value.render({ body })
  if (!rendered.ok) return { ok: false, why: rendered.problems[0]?.message ?? 'it cannot be read' } as const
  const taken = take(rendered.value)
  return taken === null ? ({ ok: false, why: form } as const) : ({ ok: true, value: taken } as const)
}

function incidentNumber(value: Json): IncidentNumber | null {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const digits = /^(?:INC-|#)?([1-9]\d{0,8})$/i.exec(text)?.[1]
  return digits === undefined ? null : Number(digits)
}

function keyText(value: Json): string | null {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  return text !== '' && text.length <= maxKey ? text : null
}
