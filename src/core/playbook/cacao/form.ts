import { type Document, type Json, type JsonObject, own, type Problem, sha256 } from '../../model/index.ts'

/**
 * Forms of CACAO Security Playbooks 2.0 (OASIS, sections 3, 4, 10): identifiers, timestamps, the types of steps, and the
 * members that name other steps.
 */
export const stepTypes = [
  'start',
  'end',
  'action',
  'playbook-action',
  'parallel',
  'if-condition',
  'while-condition',
  'switch-condition',
] as const
export type StepType = (typeof stepTypes)[number]

/** Members of a step that name one other step. */
export const pointers = ['on_completion', 'on_success', 'on_failure', 'on_true', 'on_false'] as const

const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}'
const identifier = new RegExp(`^([a-z][a-z0-9-]*[a-z0-9])--(${uuid})$`)
const timestamp = /^\d{4}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?Z$/
const variable = /^__([a-zA-Z_][a-zA-Z0-9_-]{0,199})__$/

/** The type and the UUID of an identifier, or null when it has not the form `type--uuid`. */
export function partsOfId(text: Json | undefined): { readonly type: string; readonly uuid: string } | null {
  const match = typeof text === 'string' && text.length < 200 ? identifier.exec(text) : null
  return match === null ? null : { type: match[1] as string, uuid: (match[2] as string).toLowerCase() }
}

export const isTimestamp = (text: Json | undefined): text is string => typeof text === 'string' && timestamp.test(text)

/** The name inside `__name__`, or null. */
export const variableName = (key: string): string | null => variable.exec(key)?.[1] ?? null

/** A UUID that follows from the parts: equal parts, equal identifier. */
export function uuidOf(...parts: readonly string[]): string {
  const hex = sha256(parts.map((one) => `${one.length}:${one}`).join(''))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The extension that carries what our language says and CACAO has no member for. */
export const extensionId = `extension-definition--${uuidOf('gitsoc', 'step extension', '1')}`

/** What our extension says of a step or of the playbook; an empty object without it. */
export function extensionOf(holder: JsonObject, member: 'step_extensions' | 'playbook_extensions'): JsonObject {
  return objectAt(objectAt(holder, member), extensionId)
}

/** The member when it is an object, else an empty one. */
export function objectAt(holder: JsonObject, key: string): JsonObject {
  const value = own(holder, key)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

/** The member when it is a list, else an empty one. */
export function listAt(holder: JsonObject, key: string): readonly Json[] {
  const value = own(holder, key)
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

/** The member when it is a text, else null. */
export function textAt(holder: JsonObject, key: string): string | null {
  const value = own(holder, key)
  return typeof value === 'string' ? value : null
}

export type Path = readonly (string | number)[]

/** Where problems of a document go. */
export interface Report {
  readonly problems: Problem[]
  error(code: string, message: string, path: Path, hint?: string): void
  warn(code: string, message: string, path: Path, hint?: string): void
}

export function reportOn(document: Document): Report {
  const problems: Problem[] = []
  const add = (severity: Problem['severity']) => (code: string, message: string, path: Path, hint?: string) => {
    const place = document.place(path)
    problems.push({ severity, code: `cacao/${code}`, message, place, ...(hint === undefined ? {} : { hint }) })
  }
  return { problems, error: add('error'), warn: add('warning') }
}

/** A text of the document inside a sentence. */
export const quoted = (text: Json | undefined) => JSON.stringify(text ?? null).slice(0, 120)
