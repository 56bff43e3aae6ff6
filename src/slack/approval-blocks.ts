import { utc } from '../cases/index.ts'
import { groupsText } from '../core/policy/index.ts'
import type { Approval } from '../respond/index.ts'
import { type Block, type Button, type Modal, plainText } from './blocks.ts'
import { harmless, inFull } from './harmless.ts'
import { limits } from './limits.ts'

/** What a button says about the approval it stands under: nothing but which, and what was shown. */
export interface Shown {
  readonly id: string
  readonly digest: string
  /** `approve`, `deny`, or the place of an option of a question in its list. */
  readonly answer: string
}

/** The answer in words, as it is recorded; null when the approval has none of that kind. */
export function answerIn(approval: Pick<Approval, 'options'>, answer: string): string | null {
  if (approval.options.length === 0) return answer === 'approve' || answer === 'deny' ? answer : null
  return /^\d{1,3}$/.test(answer) ? (approval.options[Number(answer)] ?? null) : null
}

const packed = (shown: Shown) => JSON.stringify(shown)

/** What a button or a modal carries, as it came back from Slack; null when it is not of ours. */
export function shownOf(value: unknown): Shown | null {
  if (typeof value !== 'string' || value.length > limits.buttonValue) return null
  try {
    const { id, digest, answer } = JSON.parse(value) as Partial<Record<keyof Shown, unknown>>
    const isOurs =
      typeof id === 'string' &&
      /^ap-[0-9a-z]{1,60}$/.test(id) &&
      typeof digest === 'string' &&
      /^[0-9a-f]{64}$/.test(digest) &&
      typeof answer === 'string' &&
      /^(approve|deny|\d{1,3})$/.test(answer)
    return isOurs ? { id, digest, answer } : null
  } catch {
    return null
  }
}

const lineLimit = 2800

/** Everything an answer is about, a line each; null where a line would not be there in full. */
function linesOf(approval: Approval): readonly (string | null)[] {
  const isQuestion = approval.kind === 'question'
  const line = (label: string, text: string) => {
    const shown = inFull(text, lineLimit)
    return shown === null ? null : `${label}: ${shown}`
  }
  return [
    ...(approval.kind === 'break-glass' ? ['BREAK GLASS: this overrules what a policy denies'] : []),
    ...(approval.kind === 'unclear' ? ['Nobody knows whether this happened: say what you found'] : []),
    ...(isQuestion ? [] : [line('Action', approval.action)]),
    line(isQuestion ? 'Question' : 'Target', approval.target),
    ...(isQuestion ? [] : [line('Inputs', JSON.stringify(approval.inputs))]),
    `Why: ${harmless(approval.why, 600)}`,
    `Needs: ${harmless(groupsText(approval), 300)}; so far ${approval.answers.length === 0 ? 'nobody' : harmless(approval.answers.map((one) => `${one.actor}: ${one.answer}`).join(', '), 300)}`,
    `Expires: ${utc(approval.expiresAt)} UTC`,
    `Approval: ${approval.id}, digest ${approval.digest.slice(0, 16)}`,
  ]
}

const cutLine = 'This is too long to be shown here in full: it is answered with gitsoc approvals, not in Slack.'

/** What is asked, in as many sections as it takes; `isWhole` says whether all of it is there. */
function asked(approval: Approval): { readonly blocks: Block[]; readonly isWhole: boolean } {
  const lines = linesOf(approval)
  const isWhole = lines.every((line) => line !== null)
  const texts: string[] = []
  for (const line of lines.flatMap((one) => (one === null ? [] : [one]))) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + line.length + 1 <= limits.sectionText)
      texts[texts.length - 1] += `\n${line}`
    else texts.push(line)
  }
  return {
    isWhole,
    blocks: [...texts, ...(isWhole ? [] : [cutLine])].map((text) => ({ type: 'section', text: plainText(text) })),
  }
}

/**
 * The approval as a part of the incident's message: what exactly is to be done, and buttons. Where that cannot be shown
 * in full there is a button only for a denial.
 */
export function approvalBlocks(approval: Approval): readonly Block[] {
  const { blocks, isWhole } = asked(approval)
  const isChoice = approval.options.length > 0
  const choices = isChoice ? approval.options.map((_, n) => String(n)) : ['approve', 'deny']
  const answers = isWhole ? choices : choices.filter((one) => one === 'deny')
  const buttons = answers.slice(0, limits.actionsElements).map((answer) => buttonOf(approval, answer))
  return buttons.length === 0
    ? blocks
    : [...blocks, { type: 'actions', block_id: `approval:${approval.id}`, elements: buttons }]
}

function buttonOf(approval: Approval, answer: string): Button {
  const { id, digest } = approval
  const value = packed({ id, digest, answer })
  if (answer === 'approve')
    return { type: 'button', action_id: 'approve', text: plainText('Approve'), style: 'primary', value }
  if (answer === 'deny') return { type: 'button', action_id: 'deny', text: plainText('Deny'), style: 'danger', value }
  const label = harmless(answerIn(approval, answer) ?? '', limits.buttonText)
  return {
    type: 'button',
    action_id: `choose-${answer}`,
    text: plainText(label === '' ? `Answer ${answer}` : label),
    value,
  }
}

/** What a modal remembers of the button it came from. */
export interface Opened extends Shown {
  /** The channel of the message, where the answer is told to the person alone. */
  readonly channel: string
}

/** What a submitted modal carries; null when it is not of ours. */
export function openedOf(metadata: unknown): Opened | null {
  const shown = shownOf(metadata)
  if (shown === null || typeof metadata !== 'string') return null
  const { channel } = JSON.parse(metadata) as { readonly channel?: unknown }
  return typeof channel === 'string' && /^[A-Z0-9]{1,40}$/.test(channel) ? { ...shown, channel } : null
}

/** The block and the action of the reason in a modal. */
export const reasonField = { block: 'reason', action: 'text' } as const

/** Asks for the reason and shows once more what is answered. A denial needs a reason. */
export function approvalModal(approval: Approval, opened: Opened): Modal {
  const isDenial = opened.answer === 'deny' && approval.options.length === 0
  const verb = approval.options.length > 0 ? 'Answer' : isDenial ? 'Deny' : 'Approve'
  const { blocks } = asked(approval)
  const said = answerIn(approval, opened.answer) ?? opened.answer
  return {
    type: 'modal',
    callback_id: 'approval',
    private_metadata: JSON.stringify(opened),
    title: plainText(`${verb} in incident ${approval.incident}`.slice(0, limits.modalTitle)),
    submit: plainText(verb),
    close: plainText('Cancel'),
    blocks: [
      ...(approval.options.length > 0
        ? [{ type: 'section', text: plainText(`Your answer: ${harmless(said, 300)}`) } as const]
        : []),
      ...blocks,
      {
        type: 'input',
        block_id: reasonField.block,
        optional: !isDenial,
        label: plainText(isDenial ? 'Why not? It is written into the record.' : 'Why? It is written into the record.'),
        element: {
          type: 'plain_text_input',
          action_id: reasonField.action,
          multiline: true,
          max_length: 2000,
          placeholder: plainText('One sentence that others will understand'),
        },
      },
    ],
  }
}

/** A modal that only says why there is nothing to answer. */
export function noticeModal(sentence: string): Modal {
  return {
    type: 'modal',
    callback_id: 'notice',
    private_metadata: '',
    title: plainText('Nothing was changed'),
    close: plainText('Close'),
    blocks: [{ type: 'section', text: plainText(harmless(sentence, 1000)) }],
  }
}

/** One line of our own about an approval that is settled. */
export const settledLine = (approval: Approval) =>
  `${approval.status}: ${harmless(`${approval.action} on ${approval.target}`, 200)}`
