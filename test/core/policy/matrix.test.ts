import { expect, test } from 'vitest'
import { type GateRequest, gate } from '../../../src/core/policy/index.ts'
import { policyOf, requestOf } from './made.ts'

const allow = '\n  - { effects: [reversible, destructive], answer: allow, reason: the rest }'
const answerOf = async (body: string, parts: Partial<GateRequest>) => gate(requestOf(parts), [policyOf(body)])
const at = (text: string) => Date.parse(`${text}Z`)

test.each<[name: string, rule: string, parts: Partial<GateRequest>, answer: string]>([
  ['a critical target', 'targetCriticality: [critical]', { targetCriticality: 'critical' }, 'deny'],
  ['another target', 'targetCriticality: [critical]', { targetCriticality: 'high' }, 'allow'],
  ['a target that nobody knows', 'targetCriticality: [unknown]', { targetCriticality: null }, 'deny'],
  ['a target that nobody knows is not a low one', 'targetCriticality: [low]', { targetCriticality: null }, 'allow'],
  ['the severity of the incident', 'severity: [HIGH, CRITICAL]', {}, 'deny'],
  ['another severity', 'severity: [LOW]', {}, 'allow'],
  ['an incident that is not assessed', 'severity: [LOW]', { incident: {} }, 'allow'],
  ['the confidence of the incident', 'confidence: [low]', { incident: { confidence: 'low' } }, 'deny'],
  ['another confidence', 'confidence: [low]', { incident: { confidence: 'high' } }, 'allow'],
  ['an action by name', 'actions: [okta.suspend_user]', {}, 'deny'],
  ['an action by pattern', 'actions: ["okta.*"]', {}, 'deny'],
  ['another action', 'actions: ["edr.*"]', {}, 'allow'],
  ['all of them together', 'severity: [CRITICAL], targetCriticality: [high], actions: ["okta.*"]', {}, 'deny'],
  ['one of them not', 'severity: [CRITICAL], targetCriticality: [low], actions: ["okta.*"]', {}, 'allow'],
])('a cell of the matrix is %s', async (_name, rule, parts, answer) => {
  const decision = await answerOf(
    `rules:\n  - { effects: [destructive], ${rule}, answer: deny, reason: no }${allow}`,
    parts,
  )
  expect(decision.answer).toBe(answer)
  if (answer === 'deny')
    expect(decision.facts.map((one) => one.name)).toContain(rule.split(':')[0]?.replace('actions', 'action'))
})

const windows = (body: string) =>
  `rules:${allow}\nwindows:\n  - { title: freeze, answer: deny, reason: year end, ${body} }`

test.each<[name: string, window: string, parts: Partial<GateRequest>, answer: string]>([
  ['inside', 'from: "09:00", to: "17:00"', { at: at('2026-05-12T16:59:59') }, 'deny'],
  ['at its end', 'from: "09:00", to: "17:00"', { at: at('2026-05-12T17:00:00') }, 'allow'],
  ['on another day', 'days: [mon], from: "09:00", to: "17:00"', { at: at('2026-05-12T12:00:00') }, 'allow'],
  ['on its day', 'days: [tue], from: "09:00", to: "17:00"', { at: at('2026-05-12T12:00:00') }, 'deny'],
  ['after midnight of its day', 'days: [tue], from: "22:00", to: "06:00"', { at: at('2026-05-13T05:59:00') }, 'deny'],
  [
    'before the evening of its day',
    'days: [tue], from: "22:00", to: "06:00"',
    { at: at('2026-05-12T05:59:00') },
    'allow',
  ],
  [
    'past midnight from Saturday to Sunday',
    'days: [sat], from: "22:00", to: "06:00"',
    { at: at('2026-05-17T01:00:00') },
    'deny',
  ],
  ['once', 'starts: "2026-05-12T00:00Z", ends: "2026-05-13T00:00Z"', { at: at('2026-05-12T23:59:59') }, 'deny'],
  [
    'after it was',
    'starts: "2026-05-12T00:00Z", ends: "2026-05-13T00:00Z"',
    { at: at('2026-05-13T00:00:00') },
    'allow',
  ],
  ['of other targets', 'targets: ["db-*"], from: "00:00", to: "23:59"', {}, 'allow'],
  ['of these targets', 'targets: ["USER17*"], from: "00:00", to: "23:59"', {}, 'deny'],
  ['of other effects', 'effects: [reversible], from: "00:00", to: "23:59"', {}, 'allow'],
])('a window %s', async (_name, body, parts, answer) => {
  expect((await answerOf(windows(body), parts)).answer).toBe(answer)
})

const budget = (body: string) => `rules:${allow}\nbudgets: { ${body} }`

test.each<[name: string, budgets: string, parts: Partial<GateRequest>, answer: string]>([
  ['the second of two targets', 'targetsPerIncident: 2', { targetsChanged: ['a'] }, 'allow'],
  ['a third target', 'targetsPerIncident: 2', { targetsChanged: ['a', 'b'] }, 'ask'],
  [
    'a target that was changed already',
    'targetsPerIncident: 2',
    { targetsChanged: ['a', 'user17@example.com'] },
    'allow',
  ],
  [
    'a change of an integration that did little',
    'changesPerIntegrationPerHour: 5',
    { integrationInLastHour: 4 },
    'allow',
  ],
  ['a change of an integration that did much', 'changesPerIntegrationPerHour: 5', { integrationInLastHour: 5 }, 'ask'],
  ['reading, however much was done', 'changesPerIntegrationPerHour: 0', { effect: 'read' }, 'allow'],
])('budgets: %s', async (_name, body, parts, answer) => {
  expect((await answerOf(budget(body), parts)).answer).toBe(answer)
})

test('the glass can be broken only where every active policy says by whom, and the most people are asked', async () => {
  const deny = 'rules:\n  - { effects: [destructive], answer: deny, reason: no }'
  const two = policyOf(`${deny}\nbreakGlass: { roles: [incident-lead], quorum: 2, expires: 30m }`, 'two')
  const three = policyOf(`${deny}\nbreakGlass: { roles: [incident-lead], quorum: 3 }`, 'three')
  const none = policyOf(deny, 'none')
  expect((await gate(requestOf(), [two])).breakGlass).toEqual({
    roles: ['incident-lead'],
    quorum: 2,
    expiresMs: 1_800_000,
  })
  expect((await gate(requestOf(), [two, three])).breakGlass?.quorum).toBe(3)
  expect((await gate(requestOf(), [two, none])).breakGlass).toBeNull()
  expect((await gate(requestOf(), [two, { ...none, active: false }])).breakGlass?.quorum).toBe(2)
  expect((await gate(requestOf({ effect: 'notify' }), [two])).breakGlass).toBeNull()
  expect((await gate(requestOf({ stopped: true }), [two])).breakGlass).toBeNull()
  expect((await gate(requestOf({ effect: 'unknown' }), [two])).breakGlass).toBeNull()
})

test('a window that never opens does not load', () => {
  expect(() => policyOf(windows('from: "09:00", to: "09:00"'))).toThrow(/never opens/)
  expect(() => policyOf(windows('starts: "2026-05-12T00:00Z", ends: "2026-05-11T00:00Z"'))).toThrow(/never opens/)
})
