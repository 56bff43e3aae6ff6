import { isObject, type JsonObject } from '../core/model/index.ts'

const maxDepth = 32

/** The JSON object that bytes from outside hold, in valid UTF-8 and not nested deeper than 32 levels; or why they do not. */
export function readJsonBody(
  body: Uint8Array,
): { readonly ok: true; readonly value: JsonObject } | { readonly ok: false; readonly why: string } {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return { ok: false, why: 'the body is not JSON in UTF-8' }
  }
  if (!isObject(value)) return { ok: false, why: 'the body is no JSON object' }
  return isDeeper(value, maxDepth)
    ? { ok: false, why: `the body is nested deeper than ${maxDepth} levels` }
    : { ok: true, value }
}

/** Level by level, so that no depth exhausts the stack. */
function isDeeper(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value]
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
    if (level.length === 0) return false
  }
  return true
}
