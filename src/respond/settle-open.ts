import { canonicalJson, isObject, sha256 } from '../core/model/index.ts'
import { appendAudit } from '../store/index.ts'
import { ask, type Question, questionId } from './ask-approval.ts'
import { claimCall, type Manner, type OpenEffect } from './claim-effect.ts'
import { decideEffect, type Wanted } from './gate-effect.ts'
import { nextCall } from './next-call.ts'
import { readApproval } from './read-approvals.ts'
import type { Taken, Turn } from './turn.ts'

const options = ['done', 'repeat', 'give-up']

/**
 * Goes on with an effect that was intended and has no outcome: as it was intended, whatever the incident has become since.
 * Where neither the vendor nor a second call can tell what became of it, a person does.
 */
export async function settleOpen(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
): Promise<Taken> {
  if (effect.claimedBy !== null) return { kind: 'waits', wakeAt: null }
  if (effect.nextAt !== null && effect.nextAt > turn.at) return { kind: 'waits', wakeAt: effect.nextAt }
  const { spec } = wanted
  const next = nextCall({
    mode: effect.mode,
    calls: effect.calls,
    patience: manner.patience,
    isRepeatable: spec.idempotent === true || spec.effect === 'read',
    canConfirm: isObject(spec.confirm) && manner.undoes === null,
  })
  if (next.kind === 'give up') return close(turn, wanted, effect, 'failed', next.why)
  if (next.kind === 'person') return askWhetherDone(turn, wanted, effect, manner)
  if (next.kind === 'call') {
    const fault = await noLongerAllowed(turn, wanted, effect)
    if (fault !== null) return close(turn, wanted, effect, 'failed', fault)
  }
  return claimCall(turn, wanted, effect, manner, next.kind)
}

/** What may not be done any more is not called again, though it was once allowed; what a broken glass passed only stops for the switch. */
async function noLongerAllowed(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  { id, path, inputs, target, overruled }: OpenEffect,
): Promise<string | null> {
  const decision = await decideEffect(turn, { ...wanted, id, path, inputs, target, approval: null })
  if (decision.answer !== 'deny' || (overruled !== null && decision.breakGlass !== null)) return null
  return `it is not called again: ${decision.sentence}`
}

async function askWhetherDone(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
): Promise<Taken> {
  const { tx, run, at } = turn
  const calls = effect.calls.length
  const question: Question = {
    kind: 'unclear',
    run: run.id,
    incident: turn.incident.number,
    path: effect.path,
    digest: sha256(canonicalJson({ effect: effect.id, calls, options })),
    action: wanted.action,
    target: effect.target,
    inputs: effect.inputs,
    why: `${calls} call(s) without a clear answer, and repeating is not safe: look at the vendor whether it was done`,
    author: turn.author,
    askedAt: at,
    options,
  }
  const asked = await readApproval(tx, questionId(question))
  if (asked === null) {
    const expiresMs = Math.max(1, run.deadlineAt - at)
    await ask(tx, question, { roles: ['responder', 'incident-lead'], quorum: 1, expiresMs })
    return { kind: 'waits', wakeAt: run.deadlineAt }
  }
  if (asked.status === 'pending') return { kind: 'waits', wakeAt: asked.expiresAt }
  const by = asked.answers.map((one) => one.actor).join(', ')
  if (asked.chosen === 'repeat') {
    const fault = await noLongerAllowed(turn, wanted, effect)
    if (fault !== null) return close(turn, wanted, effect, 'failed', fault)
    return claimCall(turn, wanted, effect, manner, 'call')
  }
  if (asked.chosen === 'done') return close(turn, wanted, effect, 'done', `${by} saw that it is done`)
  return close(
    turn,
    wanted,
    effect,
    'failed',
    asked.chosen === null ? 'nobody knows whether it was done' : `${by} gave it up`,
  )
}

async function close(
  turn: Turn,
  { action }: Pick<Wanted, 'action'>,
  effect: OpenEffect,
  outcome: 'done' | 'failed',
  why: string,
): Promise<Taken> {
  const { tx, at } = turn
  await tx.query('update effect set outcome = $3, settled_at = $4, result = $5 where tenant = $1 and id = $2', [
    tx.tenant,
    effect.id,
    outcome,
    at,
    JSON.stringify({ mode: effect.mode, settled: why }),
  ])
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action: `effect.${outcome}`,
    subject: `effect/${effect.id}`,
    details: { incident: turn.incident.number, action, target: effect.target, mode: effect.mode, why },
  })
  const sentence = `${action} on ${effect.target} is ${outcome}: ${why}`
  return { kind: 'ended', result: { path: effect.path, status: outcome, output: { settled: why }, sentence } }
}
