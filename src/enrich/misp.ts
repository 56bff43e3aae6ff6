import { isObject, type Json, type JsonObject, type ObservableType, own } from '../core/model/index.ts'
import type { AddIndicator, AddProblem } from './indicator-list.ts'
import { textOf } from './provider.ts'

/** MISP's attribute types that are one value (misp-standard.org, core format); composite ones are skipped. */
const kinds: ReadonlyMap<string, ObservableType> = new Map([
  ['ip-src', 'ip'],
  ['ip-dst', 'ip'],
  ['domain', 'domain'],
  ['hostname', 'domain'],
  ['url', 'url'],
  ['md5', 'hash'],
  ['sha1', 'hash'],
  ['sha256', 'hash'],
  ['sha512', 'hash'],
  ['email', 'email'],
  ['email-src', 'email'],
])

const maxDepth = 4

/** The attributes of a MISP event, of its objects, or of a search's answer, that MISP itself would detect with (`to_ids`). */
export function readMisp(root: JsonObject, add: AddIndicator, problem: AddProblem): void {
  let skipped = 0
  const read = (holder: JsonObject, info: string, depth: number): void => {
    if (depth > maxDepth) return
    for (const attribute of objectsOf(own(holder, 'Attribute'))) {
      if (attribute.to_ids === false || attribute.deleted === true) continue
      const type = kinds.get(textOf(own(attribute, 'type')))
      const description = textOf(own(attribute, 'comment')) || info
      if (type === undefined || !add(type, textOf(own(attribute, 'value')), description, null)) skipped++
    }
    for (const object of objectsOf(own(holder, 'Object'))) read(object, info, depth + 1)
    const event = own(holder, 'Event')
    if (isObject(event)) read(event, textOf(own(event, 'info')), depth + 1)
    for (const one of objectsOf(own(holder, 'response'))) read(one, info, depth + 1)
  }
  read(root, textOf(own(root, 'info')), 0)
  if (skipped > 0)
    problem(`${skipped} MISP attributes are of a type that is not read or hold no such value, and were skipped`)
}

const objectsOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
