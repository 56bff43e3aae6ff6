import { type ChatParts, namesOf, type Speaker } from '../chatops/index.ts'
import type { Approval } from '../respond/index.ts'
import { answerApproval, readApproval } from '../respond/index.ts'
import { answerIn, type Opened, type Shown } from './approval-blocks.ts'

/** The approval that a button stands for, if it can still be answered as it was shown; else why not. */
export async function shownApproval(
  { store }: Pick<ChatParts, 'store'>,
  shown: Shown,
  at: number,
): Promise<{ readonly ok: true; readonly approval: Approval } | { readonly ok: false; readonly why: string }> {
  const approval = await store.transaction((tx) => readApproval(tx, shown.id))
  if (approval === null) return { ok: false, why: `There is no approval ${shown.id} here.` }
  if (approval.digest !== shown.digest)
    return { ok: false, why: 'What is to be done is not what this message shows: look at the newest message.' }
  if (approval.status !== 'pending')
    return { ok: false, why: `Too late: ${approval.id} is ${approval.status} already.` }
  if (at >= approval.expiresAt) return { ok: false, why: `Too late: ${approval.id} has expired.` }
  if (answerIn(approval, shown.answer) === null) return { ok: false, why: 'That is none of the answers.' }
  return { ok: true, approval }
}

/** Gives the answer of a submitted modal, for exactly the digest that was shown; says what it came to. */
export async function answerOpened(
  { store, bundle }: ChatParts,
  opened: Opened,
  said: { readonly speaker: Speaker; readonly reason: string; readonly at: number },
): Promise<string> {
  const found = await shownApproval({ store }, opened, said.at)
  if (!found.ok) return found.why
  const { approval } = found
  const answered = await answerApproval(store, {
    id: approval.id,
    answer: answerIn(approval, opened.answer) ?? opened.answer,
    actor: said.speaker.actor,
    names: namesOf(bundle().team, said.speaker),
    roles: said.speaker.roles,
    channel: 'slack',
    reason: said.reason,
    at: said.at,
    digest: opened.digest,
  })
  const what = `${approval.action} on ${approval.target}`
  if (!answered.ok) return `Your answer does not count: ${answered.why}.`
  if (answered.status === 'pending') return `Your answer is recorded; ${answered.missing} more needed for ${what}.`
  return `You have ${answered.status} ${what}.`
}
