import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from '../../core/model/index.ts'
import type { VerifyContext } from './verdict.ts'

/** Equality in constant time, whatever the lengths. */
export function equalSecrets(a: string | Buffer, b: string | Buffer): boolean {
  const digest = (value: string | Buffer) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** One header's value; several are joined as Node does. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

/** The values of the secret that a manifest's `verify.secret` names. */
export function secretsOf(parameters: JsonObject, context: VerifyContext): readonly string[] {
  return typeof parameters.secret === 'string'
    ? (context.secrets(parameters.secret) ?? []).filter((one) => one.length > 0)
    : []
}
