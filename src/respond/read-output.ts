import { isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { ActionSpec } from '../core/normalize/index.ts'
import { faultOf } from './check-schema.ts'
import { elementAt, readXml } from './xml-answer.ts'

/** What a vendor's answer gives to the steps after it, or why it is not what the manifest declares. */
export type Output = { readonly ok: true; readonly output: Json } | { readonly ok: false; readonly why: string }

const maxTextLength = 2000
const told = '(secret)'

/**
 * Of an answer, what the manifest's `output` declares; secret members (`x-secret`) are not kept. Without a declaration the status alone.
 * Of an answer in XML (`response`) it is the element at the pointer that is declared.
 */
export function readOutput(spec: ActionSpec, status: number, answer: Json): Output {
  const { output, response } = spec
  if (!isObject(output)) return { ok: true, output: { status } }
  let body = answer
  if (isObject(response)) {
    const read = readXml(typeof answer === 'string' ? answer : '')
    if (!read.ok) return read
    const found = elementAt(read.value, String(response.at), output)
    if (found === undefined) return { ok: false, why: `the answer has no element ${String(response.at)}` }
    body = found
  }
  const fault = faultOf(output, body)
  if (fault !== null || typeof body !== 'object' || body === null)
    return { ok: false, why: `the answer is not what was declared: ${fault ?? 'neither an object nor a list'}` }
  return { ok: true, output: kept(output, body) }
}

function kept(schema: JsonObject, value: Json): Json {
  if (schema['x-secret'] === true) return told
  if (typeof value === 'string') return value.slice(0, maxTextLength)
  if (Array.isArray(value)) {
    const { items } = schema
    return (value as readonly Json[]).map((one) => kept(isObject(items) ? items : {}, one))
  }
  if (!isObject(value)) return value
  const properties = isObject(schema.properties) ? schema.properties : null
  if (properties === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const declared = Object.hasOwn(properties, name) ? properties[name] : undefined
      return isObject(declared) ? [[name, kept(declared, member)] as const] : []
    }),
  )
}
