import type { GateDecision } from '../core/policy/index.ts'
import type { Patience } from './backoff.ts'
import type { Wanted } from './gate-effect.ts'
import { isOnlySimulated, makeSimulated } from './make-effect.ts'
import type { OpenEffect } from './open-effect.ts'
import { rateOf, takeCall } from './rate-budget.ts'
import type { Approval } from './read-approvals.ts'
import { settleMade } from './record-made.ts'
import type { Taken, Turn } from './turn.ts'
import { newArtifact } from './write-artifact.ts'

/** How an effect is made. */
export interface Manner {
  readonly patience: Patience
  readonly timeoutMs: number
  readonly expiresMs: number | null
  /** The effect that it takes back. */
  readonly undoes: string | null
}

/** Puts an intent on record. Who may make it is said by {@link claimCall}. */
export function intendEffect(
  { round, run, incident }: Turn,
  wanted: Wanted,
  manner: Manner,
  said: { readonly decision: GateDecision; readonly approval: Approval | null; readonly overruled?: string },
): OpenEffect {
  const { at, live, writes } = round
  const isLive = live !== undefined && live.config(wanted.integration.id).mode === 'live'
  const mode = isLive && wanted.spec.handler === undefined ? 'live' : 'simulate'
  const { answer, sentence, facts } = said.decision
  const { id, path, action, target } = wanted
  const effect = String(wanted.spec.effect)
  const { irreversible } = wanted.spec
  const overruled = said.overruled ?? null
  writes.intents.push({
    id,
    run: run.id,
    incident: incident.number,
    path,
    action,
    effect,
    target,
    inputs: wanted.inputs,
    gate: { answer, sentence, facts: facts.map(({ name, value }) => ({ name, value })) },
    approval: said.approval?.id ?? null,
    mode,
    intendedAt: at,
    irreversible: irreversible ?? null,
    expiresAt: manner.expiresMs === null ? null : at + manner.expiresMs,
    undoes: manner.undoes,
    overruled,
  })
  const approvedBy = said.approval?.answers.filter((one) => one.answer === 'approve').map((one) => one.actor) ?? []
  const intent: OpenEffect = {
    id,
    path,
    mode,
    effect,
    inputs: wanted.inputs,
    target,
    gate: { sentence },
    claimedBy: null,
    overruled,
    nextAt: null,
    approvedBy,
    intendedAt: at,
    calls: [],
  }
  run.open.set(path, intent)
  const integration = wanted.integration.id
  round.intended.push({ effect, integration, incident: incident.number, target, intendedAt: at })
  return intent
}

/**
 * Claims an open effect for this replica and puts the call on record before it is made; a vendor's rate may put it off.
 * What is only simulated is made here and now, its outcome committed together with its intent: it leaves nothing outside but
 * a file with its own name, written before the commit, and written again by whoever does it again. A message into the
 * outbox is sent by whoever finds it there, so it is no exception: the intent is on disk before.
 */
export async function claimCall(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
  kind: 'call' | 'confirm',
): Promise<Taken> {
  const { round, run } = turn
  const taken = await claim(turn, wanted, effect, manner, kind)
  if (taken.kind !== 'claimed' || !isOnlySimulated(taken.claimed)) return taken
  const { artifacts } = round.writes
  const artifact = artifacts.get(run.id) ?? newArtifact(round.artifactsDir, taken.claimed)
  const { made, told } = makeSimulated(taken.claimed, artifact.file)
  if (told !== null) artifacts.set(run.id, { ...artifact, actions: [...artifact.actions, told] })
  const result = settleMade(round, run, taken.claimed, made)
  if (result === null || result === 'open') throw new Error(`${taken.claimed.action} was simulated and has no outcome`)
  return { kind: 'ended', result }
}

async function claim(
  { round, run, incident }: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
  kind: 'call' | 'confirm',
): Promise<Exclude<Taken, { kind: 'ended' }>> {
  const { tx, at, live, replica, writes } = round
  const rate = effect.mode === 'live' ? rateOf(live?.config(wanted.integration.id) ?? {}) : null
  const waitMs = rate === null ? 0 : await takeCall(tx, wanted.integration.id, rate)
  const stands = (claimedBy: string | null, nextAt: number | null, calls: OpenEffect['calls']) => {
    run.open.set(effect.path, { ...effect, claimedBy, nextAt, calls })
    writes.effects.set(effect.id, { claimedBy, nextAt, attempts: calls.length, settled: null })
  }
  if (waitMs > 0) {
    stands(null, at + waitMs, effect.calls)
    return { kind: 'waits', wakeAt: at + waitMs }
  }
  const n = effect.calls.length + 1
  stands(replica, null, [...effect.calls, { kind, verdict: null }])
  writes.calls.push({ effect: effect.id, n, kind, at })
  return {
    kind: 'claimed',
    claimed: {
      id: effect.id,
      run: run.id,
      playbook: run.playbook,
      incident: incident.number,
      path: effect.path,
      action: wanted.action,
      integration: wanted.integration,
      spec: wanted.spec,
      inputs: effect.inputs,
      target: effect.target,
      why: effect.gate.sentence ?? '',
      approvedBy: effect.approvedBy,
      mode: effect.mode,
      n,
      kind,
      timeoutMs: manner.timeoutMs,
      patience: manner.patience,
      undoes: manner.undoes,
      at: effect.intendedAt,
    },
  }
}
