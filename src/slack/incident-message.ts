import { type Containment, utc, words } from '../cases/index.ts'
import { explanationOf, type Incident } from '../core/model/index.ts'
import type { Approval } from '../respond/index.ts'
import { approvalBlocks, settledLine } from './approval-blocks.ts'
import { type Block, type Message, mrkdwn, plainText } from './blocks.ts'
import { fitBlocks, type Part } from './fit-blocks.ts'
import { harmless } from './harmless.ts'
import { limits } from './limits.ts'

/** What the message of an incident is made of. */
export interface IncidentView {
  readonly incident: Incident
  readonly approvals: readonly Approval[]
  readonly containments: readonly Containment[]
}

const marks: Readonly<Record<string, string>> = {
  CRITICAL: ':red_circle:',
  HIGH: ':large_orange_circle:',
  MEDIUM: ':large_yellow_circle:',
  LOW: ':large_blue_circle:',
}

/**
 * The one message of an incident, made of what holds now; the same state is the same message. An incident that is over
 * has no buttons and says so on top.
 */
export function incidentMessage({ incident, approvals, containments }: IncidentView): Message {
  const severity = incident.assessment?.severity ?? 'not assessed yet'
  const isOver = incident.status === 'resolved' || incident.status === 'closed' || incident.status === 'merged'
  const title = harmless(incident.title, 200)
  const heading = `${isOver ? `${incident.status.toUpperCase()}: ` : ''}INC-${incident.number} ${title}`
  const head: Block[] = [
    { type: 'header', text: plainText(cut(heading, limits.header)) },
    {
      type: 'context',
      elements: [
        mrkdwn(
          [
            `${isOver ? ':white_check_mark:' : (marks[severity] ?? ':white_circle:')} *${severity}* ${incident.assessment?.score ?? '-'}/100`,
            `status *${incident.status}*`,
            ...(incident.verdict === null ? [] : [`verdict *${incident.verdict}*`]),
          ].join('  |  '),
        ),
        plainText(
          `${incident.owner === null ? 'nobody owns it' : `owner ${harmless(incident.owner, 100)}`}  |  ${incident.alertCount} alerts of ${harmless(incident.sources.join(', '), 200)}`,
        ),
      ],
    },
  ]
  const pending = isOver ? [] : approvals.filter((one) => one.status === 'pending')
  const settled = approvals.filter((one) => one.status !== 'pending')
  const parts: Part[] = [
    { what: null, blocks: head },
    ...sectionPart('explanations', incident.assessment === null ? '' : explanationOf(incident.assessment)),
    ...sectionPart('recommendations', incident.assessment?.recommendation ?? ''),
    ...sectionPart('lists of what is involved', involved(incident)),
    ...pending.map((one) => ({ what: 'approvals that wait', blocks: approvalBlocks(one) })),
    ...contextPart('lists of settled approvals', settled.slice(0, 5).map(settledLine)),
    ...contextPart(
      'lists of what holds',
      containments.slice(0, 5).map((one) => `holds: ${harmless(`${one.action} on ${one.target}`, 200)}`),
    ),
    {
      what: null,
      blocks: [
        {
          type: 'context',
          elements: [
            mrkdwn(
              `detected ${utc(incident.times.detectedAt)} UTC, last alert ${utc(incident.lastAt)} UTC. The timeline is in the thread; \`/soc help\` lists what can be asked.`,
            ),
          ],
        },
      ],
    },
  ]
  return {
    text: cut(`${severity} incident ${incident.number}: ${title} (${incident.status})`, limits.messageText),
    blocks: fitBlocks(parts, `\`gitsoc incidents show ${incident.number}\` shows everything.`),
  }
}

function involved(incident: Incident): string {
  const tactics = incident.tactics.map(words).join(', ')
  const values = incident.observables.slice(0, 12).map((one) => `${one.type} ${harmless(one.value, 120)} (${one.role})`)
  const more = incident.observables.length - values.length
  return [
    ...(tactics === '' ? [] : [`Tactics: ${harmless(tactics, 300)}`]),
    ...(values.length === 0 ? [] : [`Involved: ${values.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]),
  ].join('\n')
}

function sectionPart(what: string, text: string): readonly Part[] {
  const lines = text
    .split('\n')
    .map((line) => harmless(line, 1000))
    .filter((line) => line !== '')
  if (lines.length === 0) return []
  return [{ what, blocks: [{ type: 'section', text: plainText(cut(lines.join('\n'), 2000)) }] }]
}

const contextPart = (what: string, lines: readonly string[]): readonly Part[] =>
  lines.length === 0 ? [] : [{ what, blocks: [{ type: 'context', elements: lines.map(plainText) }] }]

/** Cut at a whole character, never inside of an entity; the `…` says so. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const part = text
    .slice(0, limit - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')
  return `${part.replace(/&[a-z]{0,3}$/, '')}…`
}
