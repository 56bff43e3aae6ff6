import type { GateDecision } from './gate.ts'
import { type ApprovalTerms, anybody, type Group } from './policy.ts'

type Asking = GateDecision & { readonly terms: ApprovalTerms }

/**
 * Several questions about one effect, put as one: the one that needs most people, and beside it the people whom the others name
 * and who are not among its own. Whoever names nobody (a budget, a protected target) is content with anybody whom another names.
 * So neither a budget that is spent nor a step of a playbook ever lets somebody answer whom a policy did not mean.
 */
export function putTogether(asks: readonly Asking[], because: (one: Asking) => string): GateDecision | null {
  const naming = asks.filter((one) => one.terms !== anybody)
  const [first, ...more] = naming.length > 0 ? naming : asks
  if (first === undefined) return null
  const main = more.reduce((now, one) => (needsMore(one.terms, now.terms) ? one : now), first)
  const also: Group[] = []
  for (const { terms } of naming)
    if (![main.terms, ...also].some((other) => implies(other, terms)))
      also.push({ roles: terms.roles, quorum: terms.quorum })
  const others = asks.filter((one) => one !== main).map((one) => `; also: ${because(one)}`)
  return {
    ...main,
    terms: also.length === 0 ? main.terms : { ...main.terms, also },
    sentence: `${main.sentence}${others.join('')}`,
  }
}

function needsMore(one: ApprovalTerms, than: ApprovalTerms): boolean {
  if (one.quorum !== than.quorum) return one.quorum > than.quorum
  return one.roles.length < than.roles.length
}

/** Whether enough of `one` are always enough of `other` too. */
function implies(one: Group & Pick<ApprovalTerms, 'escalate'>, other: ApprovalTerms): boolean {
  const may = [...one.roles, ...(one.escalate?.roles ?? [])]
  const meant = [...other.roles, ...(other.escalate?.roles ?? [])]
  return one.quorum >= other.quorum && may.every((role) => meant.includes(role))
}

/** Whose agreement is needed, group by group: of each so many. One person may count in several. */
export const groupsOf = ({ roles, quorum, also }: Group & { readonly also?: readonly Group[] }): readonly Group[] => [
  { roles, quorum },
  ...(also ?? []),
]

/** The same in words: `2 of hr, insider-risk and 1 of responder`. */
export const groupsText = (
  terms: Parameters<typeof groupsOf>[0],
  role: (name: string) => string = (name) => name,
): string =>
  groupsOf(terms)
    .map((one) => `${one.quorum} of ${one.roles.map(role).join(', ')}`)
    .join(' and ')
