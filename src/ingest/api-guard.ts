import type { IncomingMessage } from 'node:http'
import type { Answer } from './handshake.ts'
import { equalSecrets, headerOf } from './verify/compare.ts'

/** What decides who may ask. */
export interface ApiGuardParts {
  readonly secrets: (name: string) => readonly string[] | undefined
  /** Whether the server is bound to loopback only: without the secret `api-token` its programs may ask, and nobody elsewhere. */
  readonly loopback: boolean
}

/** Null for who may; else the answer: no token where one is needed, or a page in a browser that calls a server on its own machine. */
export function refusedByGuard(request: IncomingMessage, parts: ApiGuardParts): Answer | null {
  const tokens = (parts.secrets('api-token') ?? []).filter((one) => one !== '')
  if (tokens.length > 0) {
    const given = /^Bearer (\S{1,1000})$/i.exec(headerOf(request.headers, 'authorization') ?? '')?.[1] ?? ''
    return tokens.some((one) => equalSecrets(one, given))
      ? null
      : refused(401, 'the bearer token is missing or wrong', { 'www-authenticate': 'Bearer' })
  }
  if (!parts.loopback) return refused(503, 'the secret api-token is not configured', { 'retry-after': '300' })
  const host = (request.headers.host ?? '').replace(/:\d{1,5}$/, '')
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host) || request.headers.origin !== undefined)
    return refused(403, 'without a token only programs of this machine may call')
  return null
}

const refused = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  body: JSON.stringify({ error }),
  contentType: 'application/json',
  headers,
})
