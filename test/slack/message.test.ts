import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Containment } from '../../src/cases/index.ts'
import type { Incident } from '../../src/core/model/index.ts'
import type { Approval } from '../../src/respond/index.ts'
import { approvalModal, noticeModal, openedOf, shownOf } from '../../src/slack/approval-blocks.ts'
import type { Block, Text } from '../../src/slack/blocks.ts'
import { messageFaults, modalFaults } from '../../src/slack/fit-blocks.ts'
import { harmless, inFull } from '../../src/slack/harmless.ts'
import { incidentMessage } from '../../src/slack/incident-message.ts'
import { threadMessage } from '../../src/slack/thread-message.ts'
import { madeIncident } from '../cases/made.ts'
import { madeApproval } from './made.ts'

/** What Slack takes, counted here anew: every text, list and id of a message or modal. */
function refused(blocks: readonly Block[], most: number): string[] {
  const faults: string[] = []
  const check = (what: string, holds: boolean) => {
    if (!holds) faults.push(what)
  }
  check('blocks', blocks.length <= most)
  const texts: Text[] = []
  for (const block of blocks) {
    if (block.type === 'header') check('header', block.text.text.length <= 150)
    if (block.type === 'section') check('section', block.text.text.length <= 3000)
    if (block.type === 'context') {
      check('elements', block.elements.length <= 10 && block.elements.length > 0)
      for (const one of block.elements) check('element', one.text.length <= 2000)
      texts.push(...block.elements)
    }
    if (block.type === 'actions') {
      check('buttons', block.elements.length <= 25 && block.elements.length > 0)
      check('block_id', block.block_id.length <= 255)
      for (const one of block.elements) {
        check('button', one.text.text.length <= 75)
        check('value', one.value.length <= 2000)
        check('action_id', one.action_id.length <= 255)
        texts.push(one.text)
      }
    }
    if (block.type === 'header' || block.type === 'section') texts.push(block.text)
  }
  check(
    'an empty text',
    texts.every((one) => one.text.length > 0),
  )
  check('all together', texts.reduce((sum, one) => sum + one.text.length, 0) <= 13_000)
  return faults
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    '<!channel> look',
    '<https://evil.example|your bank>',
    '<@U000000001> <!here> <!subteam^S1>',
    '&lt;!channel&gt;',
    'https://evil.example/x www.evil.example mailto:a@b.c #general @here @channel',
    '*bold* _it_ ~s~ `code` ```fence```',
    '\u202Egpj.exe\u202C\u200b\u0000\n\n/soc close',
    '&'.repeat(3000),
    '<'.repeat(5000),
    'x'.repeat(20_000),
    '😀'.repeat(2000),
    '\ud800 half a pair',
    '',
  ),
)

const incidents: fc.Arbitrary<Incident> = fc
  .record({
    title: nasty,
    owner: fc.option(nasty),
    sources: fc.array(nasty, { maxLength: 20 }),
    observables: fc.array(
      fc.record({ type: fc.constant('user' as const), value: nasty, role: fc.constant('target' as const) }),
      { maxLength: 40 },
    ),
    explanation: nasty,
    status: fc.constantFrom('new', 'acknowledged', 'closed', 'merged') as fc.Arbitrary<Incident['status']>,
  })
  .map(({ explanation, ...parts }) =>
    madeIncident({
      ...parts,
      assessment: { score: 80, severity: 'CRITICAL', contributions: [], explanation, recommendation: explanation },
    }),
  )

const approvals = fc.array(
  fc.record({
    target: nasty,
    action: nasty,
    why: nasty,
    inputs: fc.dictionary(nasty, nasty, { maxKeys: 6 }),
    kind: fc.constantFrom('effect', 'question', 'unclear', 'break-glass') as fc.Arbitrary<Approval['kind']>,
    options: fc.oneof(fc.constant([]), fc.array(nasty, { minLength: 1, maxLength: 40 })),
    status: fc.constantFrom('pending', 'approved', 'denied') as fc.Arbitrary<Approval['status']>,
  }),
  { maxLength: 60 },
)

const isWire = (blocks: readonly Block[]) => JSON.stringify(blocks)

test('whatever an incident says, Slack takes its message, and nothing in it mentions, links or calls anybody', () => {
  fc.assert(
    fc.property(incidents, approvals, (incident, asked) => {
      const many = asked.map((one, n) => madeApproval({ ...one, id: `ap-${n}` as Approval['id'] }))
      const containments = many.map((one) => ({ action: one.action, target: one.target }) as Containment)
      const { blocks, text } = incidentMessage({ incident, approvals: many, containments })
      expect(refused(blocks, 50)).toEqual([])
      expect(messageFaults(blocks)).toEqual([])
      expect(text.length).toBeLessThanOrEqual(4000)
      for (const one of [isWire(blocks), text]) {
        expect(one).not.toMatch(/[<>]/)
        expect(one).not.toMatch(/@(here|channel|everyone)|:\/\/|www\.|\u202e/)
      }
      for (const one of many) {
        const modal = approvalModal(one, { id: one.id, digest: one.digest, answer: 'approve', channel: 'C1' })
        expect(modalFaults(modal)).toEqual([])
        expect(refused(modal.blocks, 100).filter((fault) => fault !== 'all together')).toEqual([])
      }
    }),
    { numRuns: 150 },
  )
})

test('whatever is in a timeline, its thread message is one that Slack takes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(nasty, nasty), { maxLength: 60 }), (entries) => {
      const message = threadMessage(
        1,
        entries.map(([actor, sentence]) => ({ incident: 1, at: 1000, kind: 'alert', actor, sentence })),
        7,
      )
      if (message === null) {
        expect(entries).toEqual([])
        return
      }
      expect(refused(message.blocks, 50)).toEqual([])
      expect(isWire(message.blocks)).not.toMatch(/[<>]/)
    }),
    { numRuns: 100 },
  )
})

test('an approval shows everything that an answer is about, and its buttons carry only which and what was shown', () => {
  const { blocks } = incidentMessage({ incident: madeIncident(), approvals: [madeApproval()], containments: [] })
  const shown = blocks.flatMap((one) => (one.type === 'section' ? [one.text.text] : [])).join('\n')
  expect(shown.replaceAll('\u200b', '')).toContain(
    [
      'Action: okta.suspend_user',
      'Target: user17@example.com',
      'Inputs: {"userId":"user17@example.com"}',
      'Why: a push was accepted after nine refusals',
      'Needs: 1 of responder; so far nobody',
      'Expires: 1970-01-01 04:00:01 UTC',
      `Approval: ap-1, digest ${'a'.repeat(16)}`,
    ].join('\n'),
  )
  const [actions] = blocks.flatMap((one) => (one.type === 'actions' ? [one] : []))
  expect(actions).toMatchObject({
    block_id: 'approval:ap-1',
    elements: [
      { action_id: 'approve', value: JSON.stringify({ id: 'ap-1', digest: 'a'.repeat(64), answer: 'approve' }) },
      { action_id: 'deny', value: JSON.stringify({ id: 'ap-1', digest: 'a'.repeat(64), answer: 'deny' }) },
    ],
  })
})

test.each<[name: string, parts: Partial<Approval>]>([
  ['inputs that are too long', { inputs: { list: 'x'.repeat(3000) } }],
  ['a target with a hidden character', { target: 'admin\u200b@example.com' }],
  ['a target that turns the direction of reading', { target: 'user\u202Eexe' }],
  ['a target of two lines', { target: 'a\nExpires: never' }],
])('what cannot be shown in full (%s) can be denied in Slack, not approved', (_name, parts) => {
  const { blocks } = incidentMessage({ incident: madeIncident(), approvals: [madeApproval(parts)], containments: [] })
  const buttons = blocks.flatMap((one) => (one.type === 'actions' ? one.elements.map((b) => b.action_id) : []))
  expect(buttons).toEqual(['deny'])
  expect(JSON.stringify(blocks)).toContain('too long to be shown here in full')
})

test('a question has a button for each answer', () => {
  const question = madeApproval({ kind: 'question', target: 'Which account is it?', options: ['admin', 'guest'] })
  const { blocks } = incidentMessage({ incident: madeIncident(), approvals: [question], containments: [] })
  const values = blocks.flatMap((one) =>
    one.type === 'actions' ? one.elements.map((b) => shownOf(b.value)?.answer) : [],
  )
  expect(values).toEqual(['0', '1'])
})

test.each(['resolved', 'closed', 'merged'] as const)(
  'an incident that is %s says so on top and asks nothing',
  (status) => {
    const { blocks } = incidentMessage({
      incident: madeIncident({ status }),
      approvals: [madeApproval()],
      containments: [],
    })
    expect(blocks[0]).toMatchObject({ text: { text: expect.stringContaining(status.toUpperCase()) } })
    expect(blocks.some((one) => one.type === 'actions')).toBe(false)
  },
)

test('more approvals than Slack takes are counted, not silently left out', () => {
  const many = Array.from({ length: 70 }, (_, n) => madeApproval({ id: `ap-${n}` as Approval['id'] }))
  const { blocks } = incidentMessage({ incident: madeIncident(), approvals: many, containments: [] })
  const shown = blocks.filter((one) => one.type === 'actions').length
  expect(shown).toBeGreaterThan(5)
  expect(JSON.stringify(blocks)).toContain(`${70 - shown} approvals that wait`)
})

test.each([
  ['a & b', 'a &amp; b'],
  ['<!channel>', '&lt;!channel&gt;'],
  ['see https://a.example', 'see https:\u200b//a.example'],
  ['@here and #general', '@\u200bhere and #\u200bgeneral'],
  ['two\nlines', 'two lines'],
])('%j stands in Slack as %j', (text, shown) => {
  expect(harmless(text)).toBe(shown)
})

test('a text is shown in full or not at all', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const shown = inFull(text, 5000)
      if (shown === null) return
      const back = shown
        .replaceAll('\u200b', '')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&')
      expect(back).toBe(text)
    }),
  )
})

test.each([
  ['{', null],
  ['{"id":"ap-1","digest":"short","answer":"approve"}', null],
  [JSON.stringify({ id: '../1', digest: 'a'.repeat(64), answer: 'approve' }), null],
  [JSON.stringify({ id: 'ap-1', digest: 'a'.repeat(64), answer: 7 }), null],
  [JSON.stringify({ id: 'ap-1', digest: 'a'.repeat(64), answer: 'anything' }), null],
  ['x'.repeat(5000), null],
  [7, null],
  [null, null],
])('what comes back as %j is not taken for one of our buttons', (value, shown) => {
  expect(shownOf(value)).toEqual(shown)
  expect(openedOf(value)).toBeNull()
})

test('a modal for a denial insists on a reason, one for an approval offers it', () => {
  const opened = { id: 'ap-1', digest: 'a'.repeat(64), channel: 'C1' }
  const field = (answer: string) =>
    approvalModal(madeApproval(), { ...opened, answer }).blocks.find((one) => one.type === 'input')
  expect(field('deny')).toMatchObject({ optional: false })
  expect(field('approve')).toMatchObject({ optional: true })
  expect(modalFaults(noticeModal('<!channel>'.repeat(500)))).toEqual([])
})
