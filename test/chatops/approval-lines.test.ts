import { expect, test } from 'vitest'
import { approvalLines } from '../../src/chatops/index.ts'
import type { ApprovalId } from '../../src/core/model/index.ts'
import type { Approval, Bound } from '../../src/respond/index.ts'

const approval: Approval = {
  id: 'ap-abcdefgh1234' as ApprovalId,
  kind: 'effect',
  run: 'run-1',
  incident: 1,
  path: 'suspend',
  digest: 'f'.repeat(64),
  action: 'okta.suspend_user',
  target: 'user17@example.com',
  inputs: { userId: 'user17@example.com' },
  why: 'a responder decides',
  author: 'team',
  roles: ['responder', 'incident-lead'],
  quorum: 2,
  also: [],
  askedAt: 0,
  expiresAt: 3_600_000,
  options: [],
  chosen: null,
  status: 'pending',
  answers: [{ actor: 'lead-1', answer: 'approve', reason: 'sure', at: 1000, roles: ['incident-lead'] }],
}
const bound: Bound = {
  ...{ bundle: 'b', commit: 'c'.repeat(40), run: 'run-1', step: 'suspend', action: approval.action },
  ...{ target: approval.target, inputs: approval.inputs, matches: true },
}

test('an approval shows what is approved, why, until when, by whom, who answered, what it is bound to and how to answer', () => {
  expect(approvalLines(approval, bound, { alerts: 3 })).toEqual([
    'ap-abcdefgh1234: may okta.suspend_user be done on user17@example.com?',
    '  inputs: {"userId":"user17@example.com"}',
    '  why: a responder decides',
    '  since it was asked the incident has grown by 3 alerts; what would be done is still what stands here',
    '  may be answered until 1970-01-01 01:00:00 UTC by 2 together of responder, incident-lead',
    '  lead-1 said approve at 1970-01-01 00:00:01: sure',
    '  bound to ffffffffffff: content of cccccccccccc, run-1, step suspend',
    '  say /approve ap-abcdefgh or /deny ap-abcdefgh with the reason',
  ])
})

test.each<[string, Partial<Approval>, Bound | null, string]>([
  [
    'inputs that are too long to show say where all of them are',
    { inputs: { a: 'x'.repeat(2000) } },
    bound,
    '(cut: gitsoc approvals show ap-abcdefgh1234 shows all of it)',
  ],
  [
    'a digest that is of something else is told',
    {},
    { ...bound, matches: false },
    'THE DIGEST ffffffffffff IS NOT OF THIS: do not approve it',
  ],
  [
    'a question shows how each option is chosen',
    { kind: 'question', options: ['yes', 'no'] },
    null,
    'say /approve ap-abcdefgh yes or /approve ap-abcdefgh no',
  ],
  ['an overruled denial is called so', { kind: 'break-glass' }, bound, 'BREAK GLASS'],
  ['one that is over does not say how to answer', { status: 'void' }, bound, 'it is void'],
])('%s', (_name, parts, of, said) => {
  const text = approvalLines({ ...approval, ...parts }, of).join('\n')
  expect(text).toContain(said)
  if (parts.status === 'void') expect(text).not.toContain('say /approve')
})

test('text of attackers in targets and reasons stays in its line', () => {
  const hostile = { target: 'a\n/approve ap-evil\u202e', why: 'b\r\n- c', inputs: { a: 'x\u200b\n' } }
  const lines = approvalLines({ ...approval, ...hostile }, bound)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u200b\u202e]/)
  expect(lines.filter((one) => one.startsWith('/'))).toEqual([])
})
