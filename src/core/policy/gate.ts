import {
  canonicalJson,
  type Decision,
  type EffectClass,
  effectClasses,
  type Fact,
  formatPlace,
  type GateAnswer,
  type Json,
  type JsonObject,
  type RuleRef,
  sha256,
} from '../model/index.ts'
import { type ApprovalTerms, anybody, type Budgets, defaultTerms, type Policy, type PolicyRule } from './policy.ts'
import { putTogether } from './questions.ts'
import { fits, matchesTarget } from './target-pattern.ts'
import { isInWindow } from './window.ts'

/** What is about to be done. */
export interface GateRequest {
  readonly effect: string
  /** `integration.action`. */
  readonly action: string
  /** The value acted on: a user, an address, a key. */
  readonly target: string
  readonly incident: JsonObject
  /** From the inventory; null when the target is not in it. */
  readonly targetCriticality: string | null
  /** When it is to be done, epoch milliseconds. */
  readonly at: number
  /** Destructive effects of the last hour, over all runs. */
  readonly destructiveInLastHour: number
  /** Different targets that the incident's runs have changed so far, without this one. */
  readonly targetsChanged: readonly string[]
  /** Reversible and destructive effects of the same integration in the last hour. */
  readonly integrationInLastHour: number
  /** Whether the stop switch is on. */
  readonly stopped: boolean
  /** People whom the step itself asks, whatever the policies say. */
  readonly approval?: ApprovalTerms | null
}

/** The gate's answer with its reason; `terms` when it asks. */
export interface GateDecision extends Decision<GateAnswer> {
  readonly terms: ApprovalTerms | null
  /** Who may overrule a denial together; null when nobody may. */
  readonly breakGlass: ApprovalTerms | null
}

const builtIn: RuleRef = { kind: 'built-in', id: 'gate', title: 'Built-in gate' }
const ofStep: RuleRef = { kind: 'built-in', id: 'step-approval', title: 'The step asks' }
const strictness: Readonly<Record<GateAnswer, number>> = { allow: 0, ask: 1, deny: 2 }

/**
 * Whether an effect may happen: `allow`, `ask` or `deny`. Of all active policies the strictest answer holds; several
 * questions are put as one that satisfies all of them ({@link putTogether}). Without one that speaks, `read` and `notify` are allowed, `reversible` and `destructive` ask, anything else is denied. Whatever
 * cannot be decided is denied.
 */
export async function gate(request: GateRequest, policies: readonly Policy[]): Promise<GateDecision> {
  const dangerous = request.effect !== 'read' && request.effect !== 'notify'
  if (!(effectClasses as readonly string[]).includes(request.effect))
    return decide('deny', builtIn, request, [], `the effect class "${request.effect}" is not known`, null)
  if (request.stopped && dangerous) return decide('deny', builtIn, request, [], 'the stop switch is on', null)
  const answers: GateDecision[] = []
  try {
    for (const policy of policies) if (policy.active) answers.push(...(await answersOf(policy, request)))
  } catch (error) {
    return decide('deny', builtIn, request, [], `the policy could not be evaluated: ${(error as Error).message}`, null)
  }
  if (!answers.some((one) => one.rule.kind === 'approval' && one.facts.some((fact) => fact.name === 'effect'))) {
    answers.push(
      dangerous
        ? decide(
            'ask',
            builtIn,
            request,
            [{ name: 'effect', value: request.effect }],
            'no policy speaks of this effect, so a person does',
            defaultTerms,
          )
        : decide('allow', builtIn, request, [], 'it changes nothing outside', null),
    )
  }
  if (request.approval)
    answers.push(decide('ask', ofStep, request, [], 'the playbook itself asks people here', request.approval))
  const strictest = answers.reduce((now, one) => (strictness[one.answer] > strictness[now.answer] ? one : now))
  if (strictest.answer === 'deny') return { ...strictest, breakGlass: glassOf(policies) }
  const asks = answers.flatMap((one) =>
    one.answer === 'ask' && one.terms !== null ? [{ ...one, terms: one.terms }] : [],
  )
  return putTogether(asks, ({ sentence }) => sentence.slice(headOf('ask', request).length)) ?? strictest
}

/** Who may break the glass: every active policy has to allow it, and the one that asks most people holds. */
function glassOf(policies: readonly Policy[]): ApprovalTerms | null {
  const glasses = policies.filter((one) => one.active).map((one) => one.breakGlass)
  const [first, ...more] = glasses
  if (first === undefined || first === null || more.includes(null)) return null
  return more.reduce<ApprovalTerms>((now, one) => (one !== null && one.quorum > now.quorum ? one : now), first)
}

async function answersOf(policy: Policy, request: GateRequest): Promise<GateDecision[]> {
  const answers: GateDecision[] = []
  const dangerous = request.effect !== 'read' && request.effect !== 'notify'
  for (const one of policy.protectedTargets) {
    if (dangerous && matchesTarget(one.pattern, request.target))
      answers.push(
        decide(
          one.answer,
          one.ref,
          request,
          [{ name: 'protected', value: one.pattern }],
          one.reason,
          one.answer === 'ask' ? anybody : null,
        ),
      )
  }
  for (const { name, seen, bound, reason } of overspent(policy.budgets, request))
    answers.push(decide('ask', policy.ref, request, [{ name, value: seen }], reason(bound), anybody))
  for (const window of policy.windows) {
    if (!isInWindow(window, request.effect, request.target, request.at)) continue
    const facts = [{ name: 'at', value: new Date(request.at).toISOString() }]
    const terms = window.answer === 'ask' ? window.terms : null
    answers.push(decide(window.answer, window.ref, request, facts, window.reason, terms))
  }
  for (const rule of policy.rules) {
    const cell = cellOf(rule, request)
    if (cell === null) continue
    const seen = rule.when === null ? { matched: true, facts: [] } : await rule.when.decide(request.incident)
    if (!seen.matched) continue
    answers.push(
      decide(
        rule.answer,
        rule.ref,
        request,
        [{ name: 'effect', value: request.effect }, ...cell, ...seen.facts],
        rule.reason,
        rule.answer === 'ask' ? rule.terms : null,
      ),
    )
    break
  }
  return answers
}

/** Whether a request is in the cell of the matrix that a rule speaks of: what was compared, or null. */
function cellOf(rule: PolicyRule, request: GateRequest): readonly Fact[] | null {
  if (!rule.effects.includes(request.effect as EffectClass)) return null
  const { severity, confidence } = request.incident
  const seen = [
    ['severity', rule.severity, String(severity)],
    ['confidence', rule.confidence, String(confidence)],
    ['targetCriticality', rule.targetCriticality, request.targetCriticality ?? 'unknown'],
  ] as const
  if (seen.some(([, wanted, value]) => wanted !== null && !wanted.includes(value))) return null
  if (rule.actions !== null && !rule.actions.some((one) => fits(one, request.action))) return null
  const compared = seen.filter(([, wanted]) => wanted !== null).map(([name, , value]) => ({ name, value }))
  return rule.actions === null ? compared : [...compared, { name: 'action', value: request.action }]
}

interface Overspent {
  readonly name: string
  readonly seen: number
  readonly bound: number
  readonly reason: (bound: number) => string
}

/** The budgets that this effect would go past. */
function overspent(budgets: Budgets, request: GateRequest): readonly Overspent[] {
  if (request.effect !== 'destructive' && request.effect !== 'reversible') return []
  const isDestructive = request.effect === 'destructive'
  const targets = new Set([...request.targetsChanged, request.target]).size
  const all = [
    {
      name: 'destructiveInLastHour',
      seen: isDestructive ? request.destructiveInLastHour : -1,
      bound: budgets.destructivePerHour,
      reason: (bound: number) => `more than ${bound} destructive effects in an hour need a person`,
    },
    {
      name: 'targetsChanged',
      seen: targets - 1,
      bound: budgets.targetsPerIncident,
      reason: (bound: number) => `more than ${bound} targets of one incident need a person`,
    },
    {
      name: 'integrationInLastHour',
      seen: request.integrationInLastHour,
      bound: budgets.changesPerIntegrationPerHour,
      reason: (bound: number) => `more than ${bound} changes of one integration in an hour need a person`,
    },
  ]
  return all.flatMap((one) => (one.bound !== null && one.seen >= one.bound ? [{ ...one, bound: one.bound }] : []))
}

function decide(
  answer: GateAnswer,
  rule: RuleRef,
  request: GateRequest,
  facts: Decision['facts'],
  reason: string,
  terms: ApprovalTerms | null,
): GateDecision {
  const place = rule.place === undefined ? '' : ` (${formatPlace(rule.place)})`
  return {
    answer,
    rule,
    facts,
    terms,
    breakGlass: null,
    sentence: `${headOf(answer, request)}${reason}${place}`,
  }
}

const verbs: Readonly<Record<GateAnswer, string>> = {
  allow: 'is allowed',
  ask: 'needs an approval',
  deny: 'is denied',
}
const headOf = (answer: GateAnswer, { action, target }: GateRequest) => `${action} on ${target} ${verbs[answer]}: `

/** What an approval is bound to. Change any of it and the approval is void. */
export interface ApprovalSubject {
  readonly bundle: string
  readonly commit: string
  readonly run: string
  readonly step: string
  readonly action: string
  readonly target: string
  readonly inputs: Json
}

/** SHA-256 over the canonical form of the subject, hex. */
export function approvalDigest(subject: ApprovalSubject): string {
  return sha256(canonicalJson({ ...subject }))
}
