import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from '../../core/model/index.ts'

/** A request as it came: verification sees the raw bytes, before anything is parsed. */
export interface RawRequest {
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** What stands in the path after the webhook's own path. */
  readonly pathRest: string
  readonly body: Buffer
}

/** What verification needs from outside. */
export interface VerifyContext {
  /** All valid values of a secret, newest first, so that it can be rotated; undefined when it is not configured. */
  readonly secrets: (name: string) => readonly string[] | undefined
  readonly now: number
  /** Values of the integration's configuration, e.g. the allowed topics. */
  readonly config: JsonObject
  readonly fetchText: (url: string) => Promise<string>
  /** Whether the server is bound to loopback only, and this request came from a program of the same machine. */
  readonly loopback: boolean
}

/**
 * `forged` is answered 401. `unconfigured` (a secret is missing here) and `unavailable` (a certificate or key set could
 * not be fetched) are not the sender's fault and answered 503, so that it tries again.
 */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly kind: 'forged' | 'unconfigured' | 'unavailable'; readonly reason: string }

export type Verify = (request: RawRequest, parameters: JsonObject, context: VerifyContext) => Promise<Verdict> | Verdict

export const accepted: Verdict = { ok: true }
export const forged = (reason: string): Verdict => ({ ok: false, kind: 'forged', reason })
export const unavailable = (reason: string): Verdict => ({ ok: false, kind: 'unavailable', reason })
export const unconfigured = (reason: string): Verdict => ({ ok: false, kind: 'unconfigured', reason })
