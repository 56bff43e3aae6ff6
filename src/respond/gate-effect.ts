import type { JsonObject } from '../core/model/index.ts'
import type { ActionSpec, Integration } from '../core/normalize/index.ts'
import {
  type ApprovalTerms,
  approvalDigest,
  type GateDecision,
  type Group,
  gate,
  groupsOf,
  groupsText,
} from '../core/policy/index.ts'
import { askIn, makeVoid, type Question } from './ask-approval.ts'
import { criticalityOf } from './criticality.ts'
import type { Approval } from './read-approvals.ts'
import { hasBudgets, nothingRecent } from './recent-effects.ts'
import type { Turn } from './turn.ts'

/** What is to be done to the world, before anybody said whether it may. */
export interface Wanted {
  readonly id: string
  readonly path: string
  readonly action: string
  readonly integration: Integration
  readonly spec: ActionSpec
  readonly inputs: JsonObject
  readonly target: string
  /** People whom the step itself asks. */
  readonly approval: ApprovalTerms | null
}

/** Whether it may: yes, and who said so; not yet; or no, with what may overrule that. */
export type Gated =
  | { readonly kind: 'yes'; readonly decision: GateDecision; readonly approval: Approval | null }
  | { readonly kind: 'asked'; readonly wakeAt: number }
  | { readonly kind: 'no'; readonly sentence: string; readonly decision: GateDecision | null; readonly digest: string }

/** The policies' answer about an effect, now; `intendedAt` is null for one that is not on record. */
export async function decideEffect(turn: Turn, wanted: Wanted, intendedAt: number | null): Promise<GateDecision> {
  const { round, incident, bundle, facts } = turn
  const { action, target } = wanted
  const effect = String(wanted.spec.effect)
  const counted = { effect, integration: wanted.integration.id, incident: incident.number, target, intendedAt }
  const recent = hasBudgets(bundle.policies) ? (await round.recent()).of(counted, round.intended) : nothingRecent
  return gate(
    {
      effect,
      action,
      target,
      incident: facts,
      ...recent,
      targetCriticality: criticalityOf(incident, target),
      at: round.at,
      stopped: round.isStopped,
      approval: wanted.approval,
    },
    bundle.policies,
  )
}

/** What an approval of this effect is bound to. */
export const digestOf = ({ run }: Pick<Turn, 'run'>, { path, action, target, inputs }: Wanted): string =>
  approvalDigest({ bundle: run.bundle, commit: run.commit, run: run.id, step: path, action, target, inputs })

/** Asks the policies, and the people whom they name, whether an effect may be made. */
export async function gateEffect(turn: Turn, wanted: Wanted): Promise<Gated> {
  const { round, run } = turn
  const { at } = round
  const decision = await decideEffect(turn, wanted, null)
  // Nobody was asked, so that nobody can have denied it.
  if (decision.answer === 'allow' && !run.hasAsked) return { kind: 'yes', decision, approval: null }
  const digest = digestOf(turn, wanted)
  if (decision.answer === 'deny') return { kind: 'no', sentence: decision.sentence, decision, digest }
  const approvals = await round.approvals()
  const asked = [...approvals.values()].filter(
    (one) => one.kind === 'effect' && one.run === run.id && one.path === wanted.path && one.digest === digest,
  )
  const before = asked.find((one) => one.status !== 'void')
  if (before?.status === 'denied' || before?.status === 'expired') {
    const sentence = `${wanted.action} on ${wanted.target} is not done: the approval was ${before.status}${reasonOf(before)}`
    return { kind: 'no', sentence, decision: null, digest }
  }
  const { terms } = decision
  if (decision.answer === 'allow' || terms === null) {
    if (before?.status === 'pending') await makeVoid(round, before)
    return { kind: 'yes', decision, approval: before?.status === 'approved' ? before : null }
  }
  if (before !== undefined && suffices(before, terms)) {
    if (before.status === 'approved') return { kind: 'yes', decision, approval: before }
    return { kind: 'asked', wakeAt: before.expiresAt }
  }
  if (before !== undefined) await makeVoid(round, before)
  const again = before === undefined ? '' : `; asked again, because it needs ${groupsText(terms)} now`
  const question: Question = {
    kind: 'effect',
    run: run.id,
    incident: turn.incident.number,
    path: wanted.path,
    digest,
    action: wanted.action,
    target: wanted.target,
    inputs: wanted.inputs,
    why: `${decision.sentence}${again}`,
    author: turn.author,
    askedAt: at,
    options: [],
    turn: asked.length,
  }
  await askIn(round, question, terms)
  return { kind: 'asked', wakeAt: at + terms.expiresMs }
}

/**
 * Whether an answer under earlier terms is one under those of now: as many people at least, none of them with a role that may not
 * answer any more. An incident that grows may come to ask for more than was asked for.
 */
function suffices(approval: Approval, terms: ApprovalTerms): boolean {
  const may = [...terms.roles, ...(terms.escalate?.roles ?? [])]
  return (
    approval.quorum >= terms.quorum &&
    approval.roles.every((role) => may.includes(role)) &&
    (terms.also ?? []).every((wanted) => groupsOf(approval).some((one) => isWithin(one, wanted)))
  )
}

const isWithin = (one: Group, wanted: Group) =>
  one.quorum >= wanted.quorum && one.roles.every((role) => wanted.roles.includes(role))

const reasonOf = (approval: Approval) => {
  const denial = approval.answers.find((one) => one.answer === 'deny')
  return denial === undefined ? '' : ` by ${denial.actor}${denial.reason === '' ? '' : ` (${denial.reason})`}`
}
