import { isObject, type Json } from '../../core/model/index.ts'
import type { Due, Hand, Written } from '../../projection/index.ts'
import { labelStyles } from './issue-labels.ts'
import { answerMarker, isMarkedWith } from './markers.ts'
import { isOwn } from './remote-issue.ts'
import type { WriteParts } from './write-incident.ts'

/** What is left in the outbox besides incidents. */
export type IssueMessage =
  | {
      readonly kind: 'answer'
      /** Number of the issue. */
      readonly issue: number
      readonly text: string
      /** The comment that is answered gets a reaction: whether everything was done. Null where nobody commented. */
      readonly comment: number | null
      readonly ok: boolean
    }
  /** A label that is made with its colour and meaning, each by itself, so that none of them holds up an incident. */
  | { readonly kind: 'label'; readonly name: string }

const slackMs = 10 * 60_000

/** Writes a message of the outbox. One that was written and not remembered is found again by its marker. */
export async function writeMessage(parts: WriteParts, due: Due, hand: Hand): Promise<Written> {
  const message = messageOf(due.body)
  if (message === null)
    return { ok: false, failure: { kind: 'refused', why: 'the message is not understood', final: true } }
  const done = { ok: true, digest: due.subject, outside: due.outside } as const
  if (message.kind === 'label') {
    const [name, colour, meaning] = labelStyles.find(([one]) => one === message.name) ?? []
    if (name === undefined || colour === undefined || meaning === undefined) return done
    await hand.spend()
    await parts.calls.createLabel(name, colour, meaning)
    return done
  }
  const state = stateOf(due.outside)
  const marker = answerMarker(due.subject.replace(/^message\//, ''))
  const isThere =
    state.answered ||
    (state.answeringAt !== null &&
      (await parts.calls.commentsOf(message.issue, state.answeringAt - slackMs)).some(
        (one) => isOwn(one, parts.appId) && isMarkedWith(one.body, marker),
      ))
  if (!isThere) {
    await hand.spend()
    await hand.keep({ answered: false, answeringAt: parts.clock() })
    await parts.calls.createComment(message.issue, message.text)
  }
  if (!state.answered) await hand.keep({ answered: true, answeringAt: null })
  if (message.comment !== null) {
    await hand.spend()
    await parts.calls.react(message.comment, message.ok ? '+1' : 'confused')
  }
  return { ...done, outside: { answered: true, answeringAt: null } }
}

function messageOf(body: Json): IssueMessage | null {
  if (!isObject(body)) return null
  const { kind, issue, text, comment, ok, name } = body
  if (kind === 'label' && typeof name === 'string') return { kind, name }
  if (kind !== 'answer' || typeof issue !== 'number' || typeof text !== 'string') return null
  return { kind, issue, text, comment: typeof comment === 'number' ? comment : null, ok: ok === true }
}

function stateOf(outside: Json): { readonly answered: boolean; readonly answeringAt: number | null } {
  if (!isObject(outside)) return { answered: false, answeringAt: null }
  return {
    answered: outside.answered === true,
    answeringAt: typeof outside.answeringAt === 'number' ? outside.answeringAt : null,
  }
}
