import { code, duration, fenced, plain, prose, utc } from '../../cases/index.ts'
import { type Group, groupsOf } from '../../core/policy/index.ts'
import type { Approval } from '../../respond/index.ts'
import type { Section } from './fit-sections.ts'
import type { Waiting } from './issue-view.ts'

const shownInputs = 6_000
const shownApprovals = 12

/** The approvals that wait for somebody: exactly what would be done, and what to write. Comes first, and gives up nothing. */
export function approvalSection(waiting: readonly Waiting[]): Section {
  const soonest = waiting.toSorted((a, b) => a.approval.expiresAt - b.approval.expiresAt)
  const left = soonest.length - shownApprovals
  return {
    head:
      waiting.length === 0
        ? []
        : [
            `### ${waiting.length === 1 ? 'One decision waits' : `${waiting.length} decisions wait`} for you`,
            ...soonest.slice(0, shownApprovals).flatMap((one) => ['', ...approvalLines(one)]),
          ],
    rows: [],
    tail: left > 0 ? ['', `${left} more wait: \`gitsoc approvals list\` names them.`] : [],
    keep: 9,
    cut: () => '',
  }
}

const askedOf: Readonly<Record<Approval['kind'], (one: Approval) => string>> = {
  effect: (one) => `**May ${code(one.action)} be done on ${code(one.target)}?**`,
  question: (one) => `**Question:** ${prose(one.target, 400)}`,
  unclear: (one) => `**Was ${code(one.action)} on ${code(one.target)} done?** Nobody knows: look, and say so.`,
  'break-glass': (one) =>
    `**BREAK GLASS: may ${code(one.action)} be done on ${code(one.target)} although it was denied?**`,
}

const group = ({ roles, quorum }: Group) =>
  `${quorum === 1 ? 'one' : `${quorum} together`} of ${roles.map((one) => prose(one, 60)).join(', ')}`

function approvalLines({ approval, bound }: Waiting): readonly string[] {
  const { kind, expiresAt, askedAt, why, answers } = approval
  const given = answers.map((one) => `${prose(one.actor, 60)} said ${prose(one.answer, 60)} at ${utc(one.at)}`)
  return [
    askedOf[kind](approval),
    '',
    ...(why === '' ? [] : [`- Why: ${prose(why, 600)}`]),
    `- Who: ${groupsOf(approval).map(group).join(' and ')}${given.length === 0 ? '' : `; so far ${given.join('; ')}`}`,
    `- Until: ${utc(expiresAt)} UTC, ${duration(expiresAt - askedAt)} after it was asked; then it is not done`,
    ...answerLines(approval),
    ...(bound === null || bound.matches ? [] : ['- **The digest is not of what stands here: do not approve it.**']),
    ...(kind === 'question' ? [] : inputLines(approval)),
  ]
}

/** Exactly the inputs: nothing of them is left out or stands for something else without saying so. */
function inputLines({ inputs, id }: Approval): readonly string[] {
  const text = JSON.stringify(inputs)
  if (/^[ -_a-{}~]{1,160}$/.test(text)) return [`- With exactly these inputs: \`${text}\``]
  if (text.length <= shownInputs) return ['', 'With exactly these inputs:', '', ...fenced(inputs)]
  return [
    '',
    `**The inputs are too long to show here (${text.length} characters): read all of them with \`gitsoc approvals show ${plain(id, 40)}\` before you answer.**`,
  ]
}

/** What to write. The digest names the approval, so that an answer is only ever to what stands here. */
function answerLines({ kind, digest, id, options }: Approval): readonly string[] {
  const name = kind === 'effect' || kind === 'break-glass' ? digestName(digest) : plain(id, 11)
  const ways =
    options.length === 0
      ? [`\`/approve ${name}\``, `\`/deny ${name}\` and the reason`]
      : options.map((one) => code(`/approve ${name} ${plain(one, 60)}`))
  return [`- Answer with a comment: ${ways.join(' or ')}`]
}

/** So much of a digest that it is never taken for a word: twelve digits, more when none of them is a number. */
export function digestName(digest: string): string {
  const firstNumber = digest.search(/\d/)
  return digest.slice(0, Math.max(12, firstNumber + 1))
}
