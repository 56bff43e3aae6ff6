import { isObject, sha256 } from '../core/model/index.ts'
import { callVendor, type VendorAnswer } from './call-vendor.ts'

/** Whose token is asked for, and where. */
export interface TokenWish {
  readonly tokenUrl: URL
  readonly clientId: string
  readonly clientSecret: string
  /** Empty = none is asked for. */
  readonly scope: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly privateAllowed: boolean
}

/** A token, and whether it was kept from before; or why there is none: `refused` for good, `unsent` for now. */
export type Token =
  | { readonly kind: 'token'; readonly value: string; readonly isKept: boolean }
  | Extract<VendorAnswer, { kind: 'refused' | 'unsent' }>

interface Kept {
  readonly value: string
  readonly until: number
}

const kept = new Map<string, Kept>()
const asking = new Map<string, Promise<Token>>()
const timeoutMs = 10_000
/** A token is not used in the last minute of its life, nor in the last fifth of a short one. */
const marginMs = 60_000
const longestMs = 86_400_000
const shortest = 16

const keyOf = ({ tokenUrl, clientId, clientSecret, scope }: TokenWish) =>
  sha256(JSON.stringify([tokenUrl.href, clientId, clientSecret, scope]))

/**
 * An access token by client credentials (RFC 6749, 4.4), kept in memory alone until shortly before it ends. Who asks while one is fetched
 * waits for that one. Nothing of what the token's server answers stands in a reason.
 */
export async function tokenFor(wish: TokenWish): Promise<Token> {
  const key = keyOf(wish)
  const before = kept.get(key)
  if (before !== undefined && wish.at < before.until) return { kind: 'token', value: before.value, isKept: true }
  const running = asking.get(key) ?? fetchToken(wish, key).finally(() => asking.delete(key))
  asking.set(key, running)
  return running
}

/** A token that a service refused is not used again. */
export function forgetToken(wish: TokenWish): void {
  kept.delete(keyOf(wish))
}

async function fetchToken(wish: TokenWish, key: string): Promise<Token> {
  const { tokenUrl: url, clientId, clientSecret, scope, at, privateAllowed } = wish
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === '' ? {} : { scope }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  const body = form.toString()
  const answer = await callVendor({ method: 'POST', url, headers, body, timeoutMs, privateAllowed, mayReuse: false })
  const none = (kind: 'refused' | 'unsent', why: string): Token => ({ kind, why: `no token from ${url.host}: ${why}` })
  if (answer.kind !== 'answer') return none(answer.kind === 'refused' ? 'refused' : 'unsent', answer.why)
  if (answer.status === 429 || answer.status >= 500) return none('unsent', `it answered ${answer.status}`)
  if (answer.status !== 200) return none('refused', `it answered ${answer.status}`)
  const token = read(answer.text)
  if (token === null) return none('refused', 'its answer holds no bearer token')
  const livesMs = Math.min(token.seconds * 1000, longestMs)
  kept.set(key, { value: token.value, until: at + livesMs - Math.min(marginMs, livesMs / 5) })
  return { kind: 'token', value: token.value, isKept: false }
}

function read(text: string): { readonly value: string; readonly seconds: number } | null {
  try {
    const body: unknown = JSON.parse(text)
    if (!isObject(body)) return null
    const { access_token: value, token_type: type, expires_in: seconds } = body
    if (typeof value !== 'string' || value.length < shortest || !/^[\x21-\x7e]+$/.test(value)) return null
    if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return null
    // Without an end it is used once (RFC 6749, 5.1 only recommends one).
    return { value, seconds: typeof seconds === 'number' && seconds > 0 ? seconds : 0 }
  } catch {
    return null
  }
}
