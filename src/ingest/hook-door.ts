import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JsonObject } from '../core/model/index.ts'
import { createByteBudget, type Hold } from './byte-budget.ts'
import { readBody } from './read-body.ts'
import { send } from './receiver.ts'
import { failure, parseUrl, problemAnswer, type Received, refusals } from './refusal.ts'
import { comesFromElsewhere } from './this-machine.ts'
import type { VerifyContext } from './verify/verdict.ts'
import { verify } from './verify/verify.ts'

/** A place where requests are taken: `/hooks/<path>`, and how they prove where they come from. */
export interface Hook {
  readonly path: string
  readonly verify: JsonObject
}

/** What the door works with. */
export interface HookDoorParts<H extends Hook> {
  /** The hooks that are live now. */
  readonly hooks: () => readonly H[]
  readonly context: Omit<VerifyContext, 'now' | 'config'>
  /** Configuration of a hook, from the server's configuration. */
  readonly config: (path: string) => JsonObject
  readonly clock: () => number
  /** Does what a request asks for, whose origin is proven. What it says was taken is on disk. */
  readonly take: (hook: H, body: Buffer) => Promise<Received>
  readonly count: (name: string, result: string) => void
  /** How long a body may take to arrive; 15 s unless told. */
  readonly bodyTimeoutMs?: number
}

/** Handles `/hooks/<path>`; true when the request was one of those. */
export type HookDoor = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const prefix = '/hooks/'
const maxBodyBytes = 65_536
const maxBytesInFlight = 16 * 1024 * 1024

/** Takes requests whose sender proved itself over the raw bytes, with at most 64 KB each, and hands them on. */
export function createHookDoor<H extends Hook>(parts: HookDoorParts<H>): HookDoor {
  const budget = createByteBudget(maxBytesInFlight)
  const receive = async (request: IncomingMessage, url: URL, hook: H, hold: Hold): Promise<Received> => {
    if (request.method !== 'POST') {
      request.resume()
      return { answer: problemAnswer(405, 'requests are sent with POST', { allow: 'POST' }), result: 'method' }
    }
    const body = await readBody(request, maxBodyBytes, parts.bodyTimeoutMs ?? 15_000, hold)
    const pathRest = restOf(url, hook)
    const verdict = await verify({ headers: request.headers, query: url.searchParams, pathRest, body }, hook.verify, {
      ...parts.context,
      loopback: parts.context.loopback && comesFromElsewhere(request) === null,
      now: parts.clock(),
      config: parts.config(hook.path),
    })
    return verdict.ok ? parts.take(hook, body) : refusals[verdict.kind]
  }
  return async (request, response) => {
    const url = parseUrl(request.url ?? '')
    if (url === null || !url.pathname.startsWith(prefix)) return false
    const hook = parts.hooks().find((one) => isAt(url, one))
    if (hook === undefined) {
      request.resume()
      parts.count('hooks', 'not-found')
      send(response, problemAnswer(404, 'no playbook has this webhook'))
      return true
    }
    const hold = budget.hold()
    const { answer, result } = await receive(request, url, hook, hold).catch(failure).finally(hold.release)
    parts.count(`hooks/${hook.path}`, result)
    send(response, answer)
    return true
  }
}

/** Exactly its path; only a token of the scheme `url-token` may follow it. */
function isAt(url: URL, hook: Hook): boolean {
  const own = `${prefix}${hook.path}`
  return url.pathname === own || (hook.verify.scheme === 'url-token' && url.pathname.startsWith(`${own}/`))
}

const restOf = (url: URL, hook: Hook) => url.pathname.slice(prefix.length + hook.path.length + 1)
