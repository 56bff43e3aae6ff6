import ipaddr from 'ipaddr.js'
import {
  canonicalJson,
  type Decision,
  type EffectClass,
  effectClasses,
  formatPlace,
  type GateAnswer,
  type Json,
  type JsonObject,
  type RuleRef,
  sha256,
} from '../model/index.ts'
import { type ApprovalTerms, defaultTerms, type Policy } from './policy.ts'

/** What is about to be done. */
export interface GateRequest {
  readonly effect: string
  /** `integration.action`. */
  readonly action: string
  /** The value acted on: a user, an address, a key. */
  readonly target: string
  readonly incident: JsonObject
  /** Destructive effects of the last hour, over all runs. */
  readonly destructiveInLastHour: number
  /** Whether the stop switch is on. */
  readonly stopped: boolean
  /** People whom the step itself asks, whatever the policies say. */
  readonly approval?: ApprovalTerms | null
}

/** The gate's answer with its reason; `terms` when it asks. */
export interface GateDecision extends Decision<GateAnswer> {
  readonly terms: ApprovalTerms | null
}

const builtIn: RuleRef = { kind: 'built-in', id: 'gate', title: 'Built-in gate' }
const ofStep: RuleRef = { kind: 'built-in', id: 'step-approval', title: 'The step asks' }
const strictness: Readonly<Record<GateAnswer, number>> = { allow: 0, ask: 1, deny: 2 }

/**
 * Whether an effect may happen: `allow`, `ask` or `deny`. Of all active policies the strictest answer holds, of several
 * questions the one that needs most people. Without one that speaks, `read` and `notify` are allowed, `reversible` and `destructive` ask, anything else is denied. Whatever
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
  return answers.reduce((strictest, one) => (isStricter(one, strictest) ? one : strictest))
}

function isStricter(one: GateDecision, than: GateDecision): boolean {
  if (one.answer !== than.answer) return strictness[one.answer] > strictness[than.answer]
  if (one.terms === null || than.terms === null) return false
  if (one.terms.quorum !== than.terms.quorum) return one.terms.quorum > than.terms.quorum
  return one.terms.roles.length < than.terms.roles.length
}

async function answersOf(policy: Policy, request: GateRequest): Promise<GateDecision[]> {
  const answers: GateDecision[] = []
  const dangerous = request.effect !== 'read' && request.effect !== 'notify'
  for (const one of policy.protectedTargets) {
    if (dangerous && matches(one.pattern, request.target))
      answers.push(
        decide(
          one.answer,
          one.ref,
          request,
          [{ name: 'protected', value: one.pattern }],
          one.reason,
          one.answer === 'ask' ? defaultTerms : null,
        ),
      )
  }
  if (
    request.effect === 'destructive' &&
    policy.destructivePerHour !== null &&
    request.destructiveInLastHour >= policy.destructivePerHour
  ) {
    answers.push(
      decide(
        'ask',
        policy.ref,
        request,
        [{ name: 'destructiveInLastHour', value: request.destructiveInLastHour }],
        `more than ${policy.destructivePerHour} destructive effects in an hour need a person`,
        defaultTerms,
      ),
    )
  }
  for (const rule of policy.rules) {
    if (!rule.effects.includes(request.effect as EffectClass)) continue
    const seen = rule.when === null ? { matched: true, facts: [] } : await rule.when.decide(request.incident)
    if (!seen.matched) continue
    answers.push(
      decide(
        rule.answer,
        rule.ref,
        request,
        [{ name: 'effect', value: request.effect }, ...seen.facts],
        rule.reason,
        rule.answer === 'ask' ? rule.terms : null,
      ),
    )
    break
  }
  return answers
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
  const verb = { allow: 'is allowed', ask: 'needs an approval', deny: 'is denied' }[answer]
  return { answer, rule, facts, terms, sentence: `${request.action} on ${request.target} ${verb}: ${reason}${place}` }
}

/** Every spelling of an address is the same address: `::ffff:10.0.0.1` lies in `10.0.0.0/8`. */
function matches(pattern: string, target: string): boolean {
  const text = target.trim().toLowerCase()
  const address = ipaddr.isValid(text) ? ipaddr.process(text) : null
  if (ipaddr.isValidCIDR(pattern)) {
    const [network, bits] = ipaddr.parseCIDR(pattern)
    return address !== null && address.kind() === network.kind() && address.match(network, bits)
  }
  return fits(pattern, text) || (address !== null && fits(pattern, address.toString()))
}

function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return text === pattern
  let at = 0
  for (const [index, part] of parts.entries()) {
    const found =
      index === 0
        ? text.startsWith(part)
          ? 0
          : -1
        : index === parts.length - 1
          ? text.endsWith(part) && text.length - part.length >= at
            ? text.length - part.length
            : -1
          : text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return true
}

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
