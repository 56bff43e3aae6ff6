import { didYouMean, type Problem, problem } from '../model/index.ts'
import type { EscalationPolicy, Tell } from './policy.ts'

/** People as a policy names them: all of these together. */
export interface Who {
  readonly analysts: readonly string[]
  readonly roles: readonly string[]
  /** A list of the policy, of which one is told each round. */
  readonly onCall: string | null
}

/** Somebody of the team. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
}

/** The people that are meant, in a round, each once; empty when the team has none of them. */
export function whoIsTold(
  who: Who,
  policy: Pick<EscalationPolicy, 'onCall'>,
  team: readonly Person[],
  round: number,
): readonly Person[] {
  const list = who.onCall === null ? [] : (policy.onCall[who.onCall] ?? [])
  const now = list[round % Math.max(1, list.length)]
  const ids = [...(now === undefined ? [] : [now]), ...who.analysts]
  const named = ids.flatMap((id) => team.filter((one) => one.id === id))
  const byRole = team.filter((one) => one.roles.some((role) => who.roles.includes(role)))
  return [...new Set([...named, ...byRole])]
}

/** Whether every analyst that a policy names is in the team. A role nobody has is found out when it is told. */
export function checkPeople(policies: readonly EscalationPolicy[], team: readonly Person[]): readonly Problem[] {
  const ids = team.map((one) => one.id)
  return policies.flatMap((policy) => {
    const named = [
      ...tellsOf(policy).flatMap((tell) => ('who' in tell ? (tell.who?.analysts ?? []) : [])),
      ...Object.values(policy.onCall).flat(),
    ]
    return [...new Set(named)]
      .filter((id) => !ids.includes(id))
      .map((id) =>
        problem(
          'escalation-policy/unknown-analyst',
          `the policy "${policy.ref.id}" tells "${id}", who is not in rules/team`,
          policy.ref.place,
          didYouMean(id, ids) ?? 'add the person to a file of rules/team',
        ),
      )
  })
}

const tellsOf = (policy: EscalationPolicy): readonly Tell[] => [
  ...policy.levels.flatMap((one) => one.tell),
  ...policy.approvals.asked,
  ...policy.approvals.escalated,
  ...(policy.approvals.expiring?.tell ?? []),
]
