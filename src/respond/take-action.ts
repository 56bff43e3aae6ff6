import { storableJson } from '../cases/index.ts'
import { hashId, type JsonObject, own } from '../core/model/index.ts'
import type { NextStep } from '../core/playbook/index.ts'
import { checkInputs } from './check-inputs.ts'
import { claimCall, intendEffect, type Manner } from './claim-effect.ts'
import { gateEffect, type Wanted } from './gate-effect.ts'
import { findAction } from './render-request.ts'
import { settleOpen } from './settle-open.ts'
import type { Taken, Turn } from './turn.ts'

/** Takes an action as far as it may go: asks, claims what may be made now, goes on with what was intended, or refuses. */
export async function takeAction(turn: Turn, next: Extract<NextStep, { kind: 'action' }>): Promise<Taken> {
  const { step, path } = next
  const open = turn.run.open.get(path)
  const action = `${step.integration}.${step.action}`
  const failed = (sentence: string): Taken => ({
    kind: 'ended',
    result: { path, status: 'failed', output: null, sentence },
  })
  const found = findAction(turn.bundle.integrations, step.integration, step.action)
  if (found === undefined) return failed(`there is no action ${action}`)
  const manner: Manner = { patience: step.retry, timeoutMs: step.timeoutMs, expiresMs: step.expiresMs, undoes: null }
  if (open !== undefined) return settleOpen(turn, { ...found, action }, open, manner)
  const inputs = JSON.parse(storableJson(next.inputs)) as JsonObject
  const fault = checkInputs(found.spec, inputs)
  if (fault !== null) return failed(`${action} is not called: ${fault}`)
  const wanted: Wanted = {
    id: effectId(turn, path),
    path,
    action,
    ...found,
    inputs,
    target: String(own(inputs, String(found.spec.target)) ?? ''),
    approval: step.approval,
  }
  const gated = await gateEffect(turn, wanted)
  if (gated.kind === 'asked') return { kind: 'waits', wakeAt: gated.wakeAt }
  if (gated.kind === 'no') {
    const { target } = wanted
    const breakGlass = gated.decision?.breakGlass ?? null
    const denied = {
      action,
      target,
      inputs,
      digest: gated.digest,
      breakGlass: breakGlass === null ? null : { ...breakGlass, also: [] },
    }
    return { kind: 'ended', result: { path, status: 'denied', output: null, sentence: gated.sentence, denied } }
  }
  const intended = intendEffect(turn, wanted, manner, gated)
  return claimCall(turn, wanted, intended, manner, 'call')
}

/** The effect of a step: what stands for it at a vendor, however often it is called. */
export const effectId = ({ round, run }: Pick<Turn, 'round' | 'run'>, path: string) =>
  `ef-${hashId(round.tx.tenant, run.id, path)}`
