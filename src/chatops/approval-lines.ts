import { plain, utc } from '../cases/index.ts'
import { groupsOf } from '../core/policy/index.ts'
import type { Approval, Bound } from '../respond/index.ts'

const maxInputs = 900

/** How much an incident grew after an approval was asked. */
export interface Growth {
  /** Alerts that came since, counted from what was received. */
  readonly alerts: number
}

/**
 * What an approval is about, for every channel: exactly what would be done, why, until when, who may answer, what the answer
 * is bound to, and how to write it. Lines of plain text; `bound` is null for questions. A caller that shows less shows something
 * else than what is approved.
 */
export function approvalLines(approval: Approval, bound: Bound | null, growth?: Growth): readonly string[] {
  const { id, kind, action, target, options, answers, digest } = approval
  const inputs = JSON.stringify(approval.inputs)
  const asks: Readonly<Record<Approval['kind'], string>> = {
    effect: `${id}: may ${action} be done on ${plain(target, 200)}?`,
    question: `${id}: ${plain(target, 400)}`,
    unclear: `${id}: nobody knows whether ${action} on ${plain(target, 200)} was done; look, and say so`,
    'break-glass': `${id}: BREAK GLASS, may ${action} be done on ${plain(target, 200)} although it was denied?`,
  }
  const isOpen = approval.status === 'pending'
  return [
    asks[kind],
    ...(kind === 'question'
      ? []
      : [
          `  inputs: ${plain(inputs, maxInputs)}${inputs.length > maxInputs ? ` (cut: gitsoc approvals show ${id} shows all of it)` : ''}`,
        ]),
    ...(approval.why === '' ? [] : [`  why: ${plain(approval.why, 400)}`]),
    ...(isOpen ? [] : [`  it is ${approval.status}`]),
    ...(growth === undefined || growth.alerts === 0 || !isOpen
      ? []
      : [
          `  since it was asked the incident has grown by ${growth.alerts} alert${growth.alerts === 1 ? '' : 's'}; what would be done is still what stands here`,
        ]),
    `  ${isOpen ? 'may be answered' : 'could be answered'} until ${utc(approval.expiresAt)} UTC by ${groupsOf(approval)
      .map((one) => `${one.quorum === 1 ? 'one' : `${one.quorum} together`} of ${one.roles.join(', ')}`)
      .join(' and ')}`,
    ...answers.map(
      (one) =>
        `  ${plain(one.actor, 80)} said ${plain(one.answer, 60)} at ${utc(one.at)}${one.reason === '' ? '' : `: ${plain(one.reason, 200)}`}`,
    ),
    ...(bound === null
      ? []
      : [
          bound.matches
            ? `  bound to ${digest.slice(0, 12)}: content of ${bound.commit.slice(0, 12)}, ${bound.run}, step ${plain(bound.step, 120)}`
            : `  THE DIGEST ${digest.slice(0, 12)} IS NOT OF THIS: do not approve it`,
        ]),
    ...(isOpen ? [`  say ${waysToAnswer(id, options)}`] : []),
  ]
}

/** Ids are long: so much of one is enough to be told from all others of an incident, and few enough to type. */
export const shortId = (id: string): string => id.slice(0, 11)

function waysToAnswer(id: string, options: readonly string[]): string {
  const short = shortId(id)
  return options.length === 0
    ? `/approve ${short} or /deny ${short} with the reason`
    : options.map((one) => `/approve ${short} ${plain(one, 60)}`).join(' or ')
}
