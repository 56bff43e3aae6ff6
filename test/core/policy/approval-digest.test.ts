import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ApprovalSubject, approvalDigest } from '../../../src/core/policy/index.ts'

const subject: ApprovalSubject = {
  bundle: 'b1',
  commit: 'c1',
  run: 'run-1',
  step: 'suspend[abc]',
  action: 'okta.suspend_user',
  target: 'user17@example.com',
  inputs: { userId: 'user17@example.com', options: { notify: true, after: [1, 2] } },
}

test.each<[part: string, change: Partial<ApprovalSubject>]>([
  ['content', { bundle: 'b2' }],
  ['commit', { commit: 'c2' }],
  ['run', { run: 'run-2' }],
  ['step', { step: 'suspend[abd]' }],
  ['action', { action: 'okta.clear_sessions' }],
  ['target', { target: 'user18@example.com' }],
  ['an input', { inputs: { userId: 'user18@example.com', options: { notify: true, after: [1, 2] } } }],
  ['a nested input', { inputs: { userId: 'user17@example.com', options: { notify: false, after: [1, 2] } } }],
  ['the order of a list', { inputs: { userId: 'user17@example.com', options: { notify: true, after: [2, 1] } } }],
  ['the type of an input', { inputs: { userId: 'user17@example.com', options: { notify: 'true', after: [1, 2] } } }],
  [
    'an input more',
    { inputs: { userId: 'user17@example.com', options: { notify: true, after: [1, 2] }, force: null } },
  ],
])('another %s is another digest', (_part, change) => {
  expect(approvalDigest({ ...subject, ...change })).not.toBe(approvalDigest(subject))
})

test('the order in which inputs are written does not matter', () => {
  const inputs = { options: { after: [1, 2], notify: true }, userId: 'user17@example.com' }
  expect(approvalDigest({ ...subject, inputs })).toBe(approvalDigest(subject))
})

test('text cannot move between the parts', () => {
  const names = ['bundle', 'commit', 'run', 'step', 'action', 'target'] as const
  fc.assert(
    fc.property(fc.record(Object.fromEntries(names.map((name) => [name, fc.string()]))), fc.nat(4), (parts, index) => {
      const one = { ...subject, ...parts } as ApprovalSubject
      const [from, to] = [names[index] as (typeof names)[number], names[index + 1] as (typeof names)[number]]
      fc.pre(one[from] !== '')
      const moved = { ...one, [from]: one[from].slice(0, -1), [to]: one[from].slice(-1) + one[to] }
      expect(approvalDigest(moved)).not.toBe(approvalDigest(one))
    }),
  )
})
