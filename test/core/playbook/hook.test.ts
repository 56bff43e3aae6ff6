import { expect, test } from 'vitest'
import { compilePlaybook, readHookBody, sharedHooks, verifyPlaybook } from '../../../src/core/playbook/index.ts'
import { documentOf } from '../../support/document.ts'

const proof = 'verify: { scheme: static-header, secret: portal, header: authorization }'
const mapping = 'inputs: { device: "{{ body.device }}" }'

function compile(webhook: readonly string[], id = 'lost') {
  const text = [
    `id: ${id}`,
    'title: Lost',
    'owner: workplace',
    'why: test',
    'trigger:',
    '  webhook:',
    ...webhook.map((line) => `    ${line}`),
    'inputs:',
    '  device: { type: string, description: Which }',
    '  hours: { type: integer, default: 1, description: Since when }',
    'deadline: 8h',
    'steps:',
    '  - { id: look, task: "Look for {{ inputs.device }}" }',
  ]
  return compilePlaybook(documentOf(`playbooks/${id}.yaml`, text.join('\n')), new Map())
}

function compiled(webhook: readonly string[], id?: string) {
  const result = compile(webhook, id)
  if (!result.ok) throw new Error(result.problems[0]?.message)
  return result.value
}

test('a webhook with a proof, a path and what its inputs are made of compiles, and the playbook verifies', () => {
  const playbook = compiled(['path: portal', proof, mapping])
  expect(verifyPlaybook(playbook, { actions: new Map(), playbooks: new Map() })).toEqual([])
  expect(playbook.trigger.webhook).toMatchObject({
    path: 'portal',
    verify: { secret: 'portal' },
    key: null,
    when: null,
  })
})

test.each<[name: string, webhook: readonly string[], message: RegExp, line: number]>([
  [
    'an input that is not declared',
    [proof, 'inputs: { device: "{{ body.device }}", colour: red }'],
    /no input "colour"/,
    9,
  ],
  ['an input that nobody gives', [proof], /gives no input "device"/, 7],
  ['another name than body', [proof, 'inputs: { device: "{{ incident.title }}" }'], /incident/, 9],
  ['an expression that calls', [proof, 'inputs: { device: "{{ body.device() }}" }'], /FunCall/, 9],
  [
    'a proof without its secret',
    ['verify: { scheme: static-header, header: authorization }', mapping],
    /needs "secret"/,
    8,
  ],
  [
    'a proof that signs no body',
    ['verify: { scheme: hmac, secret: portal, header: x, signed: "{timestamp}", timestampHeader: y }', mapping],
    /must hold \{body\}/,
    8,
  ],
  [
    'a condition over an input that is not declared',
    [proof, mapping, 'when: { fact: inputs.colour, operator: equal, value: red }'],
    /no input "colour"/,
    10,
  ],
  [
    'a condition over a step',
    [proof, mapping, 'when: { fact: steps.look.status, operator: equal, value: done }'],
    /no earlier step/,
    10,
  ],
  [
    'a condition over a fact that there is not',
    [proof, mapping, 'when: { fact: severty, operator: equal, value: LOW }'],
    /severty/,
    10,
  ],
])('%s is found before it loads', (_name, webhook, message, line) => {
  const result = compile(['path: portal', ...webhook])
  expect(result.ok).toBe(false)
  const found = result.ok ? [] : result.problems
  expect(found.map((one) => [one.place?.line, one.message])).toContainEqual([line, expect.stringMatching(message)])
})

test('a condition of a webhook that can never hold is found before it loads', () => {
  const when = 'when: { fact: inputs.hours, operator: equal, value: soon }'
  const problems = verifyPlaybook(compiled(['path: portal', proof, mapping, when]), {
    actions: new Map(),
    playbooks: new Map(),
  })
  expect(problems).toMatchObject([{ message: expect.stringMatching(/inputs\.hours.*never/) }])
})

test('two playbooks cannot have one webhook', () => {
  const [a, b] = ['a', 'b'].map((id) => compiled(['path: portal', proof, mapping], id))
  if (a === undefined || b === undefined) throw new Error('not compiled')
  expect(
    sharedHooks(
      new Map([
        [a.id, a],
        [b.id, b],
      ]),
    ),
  ).toMatchObject([
    { message: expect.stringMatching(/"a" has the webhook "portal" already/), place: { file: 'playbooks/b.yaml' } },
  ])
})

test('what a body holds is a value and no expression, and only its own members are seen', () => {
  const { webhook } = compiled([
    'path: portal',
    proof,
    'inputs: { device: "{{ body.device }}" }',
    'key: "{{ body.valueOf }}"',
  ]).trigger
  if (webhook === null) throw new Error('no webhook')
  const body = { incident: 1, device: '{{ body.incident }}' }
  expect(readHookBody(webhook, body)).toMatchObject({ ok: false, why: expect.stringMatching(/^key: /) })
  expect(readHookBody({ ...webhook, key: null }, body)).toEqual({
    ok: true,
    wish: { incident: 1, key: null, inputs: { device: '{{ body.incident }}' } },
  })
})
