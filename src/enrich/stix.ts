import { isObject, type Json, type JsonObject, type ObservableType, own } from '../core/model/index.ts'
import { type AddIndicator, type AddProblem, timeOf } from './indicator-list.ts'
import { textOf } from './provider.ts'

/**
 * The indicators of a STIX 2.1 bundle whose pattern is one equality, as `[ipv4-addr:value = '198.51.100.1']`
 * (STIX 2.1 section 9). Others are counted and skipped, revoked ones left out.
 */
export function readStix(bundle: JsonObject, add: AddIndicator, problem: AddProblem): void {
  const objects = own(bundle, 'objects')
  let skipped = 0
  for (const object of Array.isArray(objects) ? (objects as readonly Json[]) : []) {
    if (!isObject(object) || object.type !== 'indicator' || object.revoked === true) continue
    const parsed = equality(textOf(own(object, 'pattern')))
    const until = textOf(own(object, 'valid_until'))
    const validUntil = until === '' ? null : timeOf(until)
    const description = textOf(own(object, 'name')) || textOf(own(object, 'description'))
    const isStix = own(object, 'pattern_type') === undefined || object.pattern_type === 'stix'
    const isTaken =
      parsed !== null &&
      isStix &&
      (until === '' || validUntil !== null) &&
      add(parsed.type, parsed.value, description, validUntil)
    if (!isTaken) skipped++
  }
  if (skipped > 0) problem(`${skipped} STIX indicators are not one equality of a known kind and were skipped`)
}

const kinds: ReadonlyMap<string, ObservableType> = new Map([
  ['ipv4-addr:value', 'ip'],
  ['ipv6-addr:value', 'ip'],
  ['domain-name:value', 'domain'],
  ['url:value', 'url'],
  ['email-addr:value', 'email'],
])

const form = /^\s*\[\s*([a-z0-9-]{1,40}:[^\s=]{1,80})\s*=\s*'((?:[^'\\]|\\.){1,2000})'\s*\]\s*$/

function equality(pattern: string): { readonly type: ObservableType; readonly value: string } | null {
  const [, path = '', quoted = ''] = form.exec(pattern.slice(0, 3000)) ?? []
  const type = /^file:hashes\.'?[A-Za-z0-9-]{1,20}'?$/.test(path) ? 'hash' : kinds.get(path)
  return type === undefined ? null : { type, value: quoted.replace(/\\(.)/g, '$1') }
}
