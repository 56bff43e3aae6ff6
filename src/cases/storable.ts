import { isObject } from '../core/model/index.ts'

const unstorable = /\\u(?:0000|d[89a-f])/i

/** Text as PostgreSQL takes it: NUL and halves of surrogate pairs, which UTF-8 cannot hold, become the replacement character. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed()
}

/** A value as JSON text that `jsonb` takes, whatever an attacker put into its strings and member names. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  return unstorable.test(text) ? JSON.stringify(clean(value)) : text
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storableText(key), clean(member)]))
}
