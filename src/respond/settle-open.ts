import { canonicalJson, isObject, sha256 } from '../core/model/index.ts'
import { askIn, type Question, questionId } from './ask-approval.ts'
import { claimCall, type Manner } from './claim-effect.ts'
import { wasDoneBefore } from './done-before.ts'
import { decideEffect, type Wanted } from './gate-effect.ts'
import { nextCall } from './next-call.ts'
import type { OpenEffect } from './open-effect.ts'
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
  if (effect.nextAt !== null && effect.nextAt > turn.round.at) return { kind: 'waits', wakeAt: effect.nextAt }
  const { spec } = wanted
  const hasConfirm = isObject(spec.confirm) && manner.undoes === null && effect.calls.length > 0
  const next = nextCall({
    mode: effect.mode,
    calls: effect.calls,
    patience: manner.patience,
    isRepeatable: spec.idempotent === true || spec.effect === 'read',
    canConfirm: hasConfirm && !(await wasDoneBefore(turn, wanted.action, effect)),
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
  { id, path, inputs, target, overruled, intendedAt }: OpenEffect,
): Promise<string | null> {
  const decision = await decideEffect(turn, { ...wanted, id, path, inputs, target, approval: null }, intendedAt)
  if (decision.answer !== 'deny' || (overruled !== null && decision.breakGlass !== null)) return null
  return `it is not called again: ${decision.sentence}`
}

async function askWhetherDone(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
): Promise<Taken> {
  const { round, run } = turn
  const { at } = round
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
  const asked = (await round.approvals()).get(questionId(question))
  if (asked === undefined) {
    const expiresMs = Math.max(1, run.deadlineAt - at)
    await askIn(round, question, { roles: ['responder', 'incident-lead'], quorum: 1, expiresMs })
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

function close(
  { round, run, incident }: Turn,
  { action }: Pick<Wanted, 'action'>,
  effect: OpenEffect,
  outcome: 'done' | 'failed',
  why: string,
): Taken {
  const { at, writes } = round
  const { id, path, mode, target } = effect
  const settled = { outcome, at, result: { mode, settled: why }, rollback: null }
  writes.effects.set(id, { claimedBy: null, nextAt: null, attempts: effect.calls.length, settled })
  run.open.delete(path)
  writes.audit.push({
    at,
    actor: 'gitsoc',
    action: `effect.${outcome}`,
    subject: `effect/${id}`,
    details: { incident: incident.number, action, target, mode, why },
  })
  const sentence = `${action} on ${target} is ${outcome}: ${why}`
  return { kind: 'ended', result: { path, status: outcome, output: { settled: why }, sentence } }
}
