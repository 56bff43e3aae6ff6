import type { Bundle } from '../core/content/index.ts'
import { isObject, type JsonObject } from '../core/model/index.ts'
import type { Playbook, PlaybookHook } from '../core/playbook/index.ts'
import { createHookDoor, type Hook, type HookDoor, problemAnswer, proofStatus, type Received } from '../ingest/index.ts'
import { type HookOutcome, startByHook } from '../respond/index.ts'
import type { Store } from '../store/index.ts'

export interface HooksParts {
  readonly store: Store
  readonly bundle: () => Bundle
  readonly context: Parameters<typeof createHookDoor>[0]['context']
  /** Configuration of the webhooks, by path: `hooks: { <path>: { audience: ... } }`. */
  readonly config: JsonObject
  readonly clock: () => number
  readonly count: (name: string, result: string) => void
}

/** A playbook at the place where its requests come in. */
interface PlaybookAt extends Hook {
  readonly bundle: Bundle
  readonly playbook: Playbook
  readonly hook: PlaybookHook
}

/**
 * Handles `POST /hooks/<path>`: starts the playbook whose webhook it is. 202 when a run has begun, 200 when it was decided otherwise,
 * either of them on disk and the same for the same request again; 400 and 422 for what cannot be understood, 409 for a key that another
 * request had, 401, 408, 413 and 503 as for deliveries.
 */
export function createHooks(parts: HooksParts): HookDoor {
  const { store, bundle, clock, context, count } = parts
  return createHookDoor<PlaybookAt>({
    hooks: () => hooksOf(bundle()),
    context,
    config: (path) => configOf(parts.config, path),
    clock,
    count,
    take: async ({ bundle, playbook, hook }, body) =>
      answerTo(await startByHook(store, bundle, { playbook, hook, body, at: clock() })),
  })
}

/** Which playbooks' webhooks can take requests, and what the others lack. */
export async function hookStatus(
  bundle: Bundle,
  context: Parameters<typeof proofStatus>[1],
  config: JsonObject,
): Promise<readonly HookStatus[]> {
  const all: HookStatus[] = []
  for (const { path, verify, playbook } of hooksOf(bundle)) {
    const reason = await proofStatus(verify, context, configOf(config, path))
    all.push({ playbook: playbook.id, path: `/hooks/${path}`, configured: reason === null, reason })
  }
  return all
}

/** Whether a playbook's webhook can take requests; `reason` says what is missing. */
export interface HookStatus {
  readonly playbook: string
  readonly path: string
  readonly configured: boolean
  readonly reason: string | null
}

/** The webhooks of the playbooks that are served. */
function hooksOf(bundle: Bundle): readonly PlaybookAt[] {
  return [...bundle.playbooks.values()].flatMap((playbook) => {
    const hook = playbook.trigger.webhook
    return hook === null ? [] : [{ path: hook.path, verify: hook.verify, bundle, playbook, hook }]
  })
}

/** What the configuration says of one webhook. */
function configOf(config: JsonObject, path: string): JsonObject {
  const own = Object.hasOwn(config, path) ? config[path] : undefined
  return isObject(own) ? own : {}
}

const statuses = { unreadable: 400, unfit: 422, conflict: 409 } as const

function answerTo(outcome: HookOutcome): Received {
  if (outcome.kind !== 'decided')
    return { answer: problemAnswer(statuses[outcome.kind], outcome.why), result: outcome.kind }
  const { run, incident, sentence, repeated } = outcome
  return {
    answer: {
      status: run === null ? 200 : 202,
      body: JSON.stringify({ started: run !== null, run, incident, why: sentence, repeated }),
      contentType: 'application/json',
      headers: { 'cache-control': 'no-store' },
    },
    result: repeated ? 'repeated' : run === null ? 'not-started' : 'accepted',
  }
}
