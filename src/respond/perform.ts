import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashId, isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { ActionSpec, Integration } from '../core/normalize/index.ts'
import { writeEmail } from './outbox-email.ts'
import { renderRequest } from './render-request.ts'

/** An effect that is on record as intended and may now be made. */
export interface Intent {
  readonly id: string
  readonly run: string
  readonly incident: number
  readonly path: string
  readonly action: string
  readonly effect: string
  readonly target: string
  readonly inputs: JsonObject
  readonly why: string
  readonly approvedBy: readonly string[]
  readonly at: number
}

/** How it went, and how it is undone. */
export interface Performed {
  readonly outcome: 'done' | 'failed'
  readonly result: JsonObject
  readonly rollback: Json
  readonly sentence: string
}

/** Where effects leave their traces. */
export interface PerformPlaces {
  readonly artifactsDir: string
  readonly outboxDir: string
}

/**
 * Makes an effect in simulate mode: renders the request that would be sent and the one that would undo it, writes both
 * as an artifact and sends nothing. Messages into the outbox folder are written for real: they stay on this machine.
 */
export async function perform(
  integration: Integration,
  spec: ActionSpec,
  intent: Intent,
  places: PerformPlaces,
): Promise<Performed> {
  const base = {
    action: intent.action,
    effect: intent.effect,
    target: intent.target,
    incident: intent.incident,
    run: intent.run,
    step: intent.path,
    inputs: intent.inputs,
    why: intent.why,
    approvedBy: intent.approvedBy,
    at: new Date(intent.at).toISOString(),
  }
  if (spec.handler === 'outbox-email') {
    const file = await writeEmail(places.outboxDir, intent.id, intent.inputs, intent.at)
    return {
      outcome: 'done',
      result: { file },
      rollback: null,
      sentence: `wrote a message to ${intent.target} into the outbox`,
    }
  }
  if (!isObject(spec.request))
    return {
      outcome: 'failed',
      result: { error: 'the action has no request' },
      rollback: null,
      sentence: `${intent.action} has no request`,
    }
  const given = { effect: intent.id }
  const request = renderRequest(integration, spec.request, intent.inputs, {}, given)
  const rollback = isObject(spec.rollback) ? renderRequest(integration, spec.rollback, intent.inputs, {}, given) : null
  if (!request.ok || (rollback !== null && !rollback.ok)) {
    const error =
      [...(request.ok ? [] : request.problems), ...(rollback === null || rollback.ok ? [] : rollback.problems)][0]
        ?.message ?? 'cannot be rendered'
    return {
      outcome: 'failed',
      result: { error },
      rollback: null,
      sentence: `${intent.action} on ${intent.target} could not be prepared: ${error}`,
    }
  }
  const undo = rollback === null ? null : rollback.value
  const file = join(
    places.artifactsDir,
    `incident-${intent.incident}`,
    `${intent.path.replace(/[^a-z0-9-]+/gi, '-')}-${hashId(intent.id).slice(0, 6)}.json`,
  )
  await mkdir(join(places.artifactsDir, `incident-${intent.incident}`), { recursive: true })
  await writeFile(
    `${file}.part`,
    `${JSON.stringify({ mode: 'simulate', ...base, request: request.value, rollback: undo, irreversible: spec.irreversible ?? null }, null, 2)}\n`,
  )
  await rename(`${file}.part`, file)
  return {
    outcome: 'done',
    result: { mode: 'simulate', request: request.value, artifact: file },
    rollback: undo,
    sentence: `simulated ${intent.action} on ${intent.target}: would send ${request.value.method} ${request.value.url}`,
  }
}
