import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { proposeTuning } from '../../../src/core/closing/index.ts'
import type { AlertGroup, Verdict } from '../../../src/core/model/index.ts'
import { madeAlert } from '../../cases/made.ts'

const host = (value: string) => ({ type: 'host', role: 'target', value }) as const
const user = (value: string) => ({ type: 'user', role: 'target', value }) as const
const alert = (id: string, ...observables: AlertGroup['observables']) =>
  madeAlert({ id, ruleId: 'noisy-rule', observables, count: 4 })

const propose = (noise: readonly AlertGroup[], past: readonly (readonly [AlertGroup, Verdict | null])[], atLeast = 3) =>
  proposeTuning({
    ...{
      incident: 7,
      verdict: 'false-positive',
      owner: 'endpoint-team',
      atLeast,
      expires: '2026-09-01',
      lookBackDays: 30,
    },
    noise,
    past: past.map(([one, verdict]) => ({ alert: one, verdict })),
  })

const noise = [alert('a', host('build-1'), user('svc')), alert('b', host('build-1'), user('other'))]

test('a rule is bound to what all alerts share, and says what it would have withheld', () => {
  const { proposed, left } = propose(noise, [
    [noise[0] as AlertGroup, 'false-positive'],
    [noise[1] as AlertGroup, 'false-positive'],
    [alert('c', host('build-1')), null],
    [alert('d', host('build-2')), 'true-positive'],
  ])
  expect(left).toEqual([])
  expect(proposed).toMatchObject([{ rule: 'noisy-rule', removes: { alerts: 12, noise: 8, unjudged: 4 } }])
  expect(parse(proposed[0]?.text ?? '')).toMatchObject({
    owner: 'endpoint-team',
    expires: '2026-09-01',
    match: { source: 'okta', rule: 'noisy-rule', 'target.host': ['build-1'] },
  })
})

test.each([
  [
    'one of a confirmed true positive would be withheld',
    noise,
    [[alert('d', host('build-1')), 'true-positive']],
    /4 alerts of confirmed true positives/,
  ],
  ['the alerts share nothing to bind it to', [alert('a', host('one')), alert('b', host('two'))], [], /share no host/],
  ['there were too few', noise, [], /0 alerts in 30 days/],
] as const)('nothing is proposed where %s', (_name, given, past, why) => {
  expect(propose(given, past as unknown as readonly (readonly [AlertGroup, Verdict])[])).toMatchObject({
    proposed: [],
    left: [{ rule: 'noisy-rule', why: expect.stringMatching(why) }],
  })
})

test.each(['*', '?', 'CORP\\*', 'a\\\\*', "x' or: y", '{{ 1 }}', '!!js x', '- a\n- b'])(
  'a name like %j is text in the rule, whoever chose it',
  (name) => {
    const mine = [alert('a', host(name)), alert('b', host(name))]
    const others = [
      alert('c', host('build-1')),
      alert('d', host('CORP\\x')),
      alert('e', host('a\\\\b')),
      alert('f', host('z')),
    ]
    const { proposed } = propose(
      mine,
      [...mine, ...others].map((one) => [one, null] as const),
    )
    expect(proposed[0]?.removes.alerts).toBe(8)
  },
)
