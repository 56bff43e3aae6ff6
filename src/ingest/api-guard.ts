import type { IncomingMessage } from 'node:http'
import type { Answer } from './handshake.ts'
import { comesFromElsewhere } from './this-machine.ts'
import { equalSecrets, headerOf } from './verify/compare.ts'

/** What decides who may ask. */
export interface ApiGuardParts {
  readonly secrets: (name: string) => readonly string[] | undefined
  /** Whether the server is bound to loopback only: without the secret `api-token` its programs may ask, and nobody elsewhere. */
  readonly loopback: boolean
}

/**
 * Null for who may; else the answer: no token where one is needed, or on a server of its own machine one who comes from elsewhere.
 * Any value of the `names` secrets is a token.
 */
export function refusedByGuard(
  request: IncomingMessage,
  parts: ApiGuardParts,
  names: readonly string[] = ['api-token'],
): Answer | null {
  const tokens = names.flatMap((name) => parts.secrets(name) ?? []).filter((one) => one !== '')
  if (tokens.length > 0) {
    const given = /^Bearer (\S{1,1000})$/i.exec(headerOf(request.headers, 'authorization') ?? '')?.[1] ?? ''
    return tokens.some((one) => equalSecrets(one, given))
      ? null
      : refused(401, 'the bearer token is missing or wrong', { 'www-authenticate': 'Bearer' })
  }
  const missing = `the secret ${names.join(' or ')} is not configured`
  if (!parts.loopback) return refused(503, missing, { 'retry-after': '300' })
  const elsewhere = comesFromElsewhere(request)
  return elsewhere === null
    ? null
    : refused(403, `without a token only programs of this machine may call: ${elsewhere}, and ${missing}`)
}

const refused = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  body: JSON.stringify({ error }),
  contentType: 'application/json',
  headers,
})
