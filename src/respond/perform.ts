import { isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { ActionSpec, Integration } from '../core/normalize/index.ts'
import { writeEmail } from './outbox-email.ts'
import { renderRequest } from './render-request.ts'
import { newArtifact, writeArtifact } from './write-artifact.ts'

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
 * Makes an effect that is not sent to a vendor: a simulated one leaves its artifact; a message into the outbox folder is
 * written for real and stays on this machine until a mail transfer agent takes it.
 */
export async function perform(
  integration: Integration,
  spec: ActionSpec,
  intent: Intent,
  places: PerformPlaces,
): Promise<Performed> {
  if (spec.handler === 'outbox-email') {
    const file = await writeEmail(places.outboxDir, intent.id, intent.inputs, intent.at)
    return {
      outcome: 'done',
      result: { file },
      rollback: null,
      sentence: `wrote a message to ${intent.target} into the outbox`,
    }
  }
  const artifact = newArtifact(places.artifactsDir, intent)
  const { performed, told } = simulate(integration, spec, intent, artifact.file)
  if (told !== null) await writeArtifact({ ...artifact, actions: [told] })
  return performed
}

/** Renders the request that would be sent and the one that would undo it, to be told in `file`; nothing is sent or written here. */
export function simulate(
  integration: Integration,
  spec: ActionSpec,
  intent: Intent,
  file: string,
): { readonly performed: Performed; readonly told: JsonObject | null } {
  const failed = (error: string, sentence: string) => ({
    performed: { outcome: 'failed' as const, result: { error }, rollback: null, sentence },
    told: null,
  })
  if (!isObject(spec.request)) return failed('the action has no request', `${intent.action} has no request`)
  const given = { effect: intent.id }
  const request = renderRequest(integration, spec.request, intent.inputs, {}, given)
  const rollback = isObject(spec.rollback) ? renderRequest(integration, spec.rollback, intent.inputs, {}, given) : null
  if (!request.ok || (rollback !== null && !rollback.ok)) {
    const problems = [...(request.ok ? [] : request.problems), ...(rollback?.ok === false ? rollback.problems : [])]
    const error = problems[0]?.message ?? 'cannot be rendered'
    return failed(error, `${intent.action} on ${intent.target} could not be prepared: ${error}`)
  }
  const undo = rollback === null ? null : rollback.value
  const told = {
    action: intent.action,
    effect: intent.effect,
    target: intent.target,
    step: intent.path,
    inputs: intent.inputs,
    why: intent.why,
    approvedBy: intent.approvedBy,
    at: new Date(intent.at).toISOString(),
    request: request.value,
    rollback: undo,
    irreversible: spec.irreversible ?? null,
  }
  return {
    performed: {
      outcome: 'done',
      result: { mode: 'simulate', request: request.value, artifact: file },
      rollback: undo,
      sentence: `simulated ${intent.action} on ${intent.target}: would send ${request.value.method} ${request.value.url}`,
    },
    told,
  }
}
