import { expect, test } from 'vitest'
import { incidentFactNames } from '../../../src/core/correlate/index.ts'
import { formatPlace, type JsonObject } from '../../../src/core/model/index.ts'
import {
  callCircles,
  compilePlaybook,
  incidentFactTypes,
  type KnownAction,
  type Playbook,
  verifyPlaybook,
} from '../../../src/core/playbook/index.ts'
import { filters } from '../../../src/core/template/filters.ts'
import { signatures } from '../../../src/core/template/infer.ts'
import { documentOf } from '../../support/document.ts'

const object = (properties: JsonObject, ...required: string[]): JsonObject => ({ type: 'object', properties, required })
const string = { type: 'string' }

const actions: ReadonlyMap<string, KnownAction> = new Map<string, KnownAction>([
  [
    'edr.isolate',
    {
      effect: 'destructive',
      input: object({ host: string }, 'host'),
      target: 'host',
      hasRollback: true,
      irreversible: null,
    },
  ],
  [
    'edr.wipe',
    {
      effect: 'destructive',
      input: object({ host: string }, 'host'),
      target: 'host',
      hasRollback: false,
      irreversible: null,
    },
  ],
  [
    'edr.look_up',
    {
      effect: 'read',
      input: object({ host: string }, 'host'),
      output: object(
        { owner: string, risk: { type: 'integer' }, token: { type: 'string', 'x-secret': true } },
        'owner',
        'token',
      ),
      target: 'host',
    },
  ],
  ['mail.send', { effect: 'notify', input: object({ to: string, text: string }, 'to', 'text'), target: 'to' }],
])

const trigger = 'trigger: { on: [opened], when: { fact: severity, operator: in, value: [HIGH, CRITICAL] } }\n'

function compiled(id: string, body: string): Playbook {
  const text = `id: ${id}\ntitle: ${id}\nowner: team\nwhy: test\ndeadline: 8h\n${body.startsWith('trigger') ? '' : trigger}${body}`
  const result = compilePlaybook(documentOf(`playbooks/${id}.yaml`, text), actions)
  if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
  return result.value
}

const callee = compiled(
  'lookup',
  "trigger: { manual: true }\ninputs: { host: { type: string, description: which } }\nsteps:\n  - { id: a, action: edr.look_up, with: { host: '{{ inputs.host }}' } }\noutputs: { owner: \"{{ steps.a.output.owner | default('nobody') }}\" }\n",
)
const playbooks = new Map([['lookup', callee]])
const found = (body: string) =>
  verifyPlaybook(compiled('made', body), { actions, playbooks }).map(
    (one) => `${one.place?.line}: ${one.code}: ${one.message}`,
  )

const look =
  '  - { id: look, action: edr.look_up, with: { host: \'{{ incident.hosts | first | default("none") }}\' } }\n'

test.each<[name: string, steps: string]>([
  ['a value that is always there', "steps:\n  - { id: t, task: '{{ incident.title }} {{ incident.score + 1 }}' }\n"],
  [
    'a default for what may be missing',
    `steps:\n${look}  - { id: t, task: "{{ steps.look.output.owner | default('?') }}" }\n`,
  ],
  [
    'an output that was shown to be there',
    `steps:\n${look}  - { id: t, if: { fact: steps.look.status, operator: equal, value: done }, task: '{{ steps.look.output.owner }}' }\n`,
  ],
  [
    'a member that was asked for',
    `steps:\n${look}  - { id: t, if: { fact: steps.look.output.risk, operator: greaterThan, value: 5 }, task: 'risk {{ steps.look.output.risk }}' }\n`,
  ],
  [
    'a variable set on every way',
    "steps:\n  - id: way\n    if: { fact: score, operator: greaterThan, value: 50 }\n    then: [{ id: a, set: { x: 1 } }]\n    else: [{ id: b, set: { x: 2 } }]\n  - { id: t, task: '{{ vars.x }}' }\n",
  ],
  [
    'what both branches made, after both',
    `steps:\n  - id: both\n    parallel:\n      - { id: a, steps: [{ id: one, task: one }] }\n      - { id: b, steps: [{ id: two, task: two }] }\n  - { id: t, task: '{{ steps.one.output }} {{ steps.two.output }}' }\n`,
  ],
  [
    'an answer by a person',
    'steps:\n  - { id: q, ask: Sure?, options: [yes, no], expires: 1h }\n  - { id: t, if: { fact: steps.q.output.answer, operator: equal, value: yes }, task: go }\n',
  ],
  [
    'a call with its inputs and outputs',
    "steps:\n  - { id: c, call: lookup, with: { host: x } }\n  - { id: t, task: '{{ steps.c.output.owner }}' }\n",
  ],
  [
    'what a handler of failures sees',
    "steps:\n  - { id: a, task: a }\nonFailure:\n  - { id: t, task: '{{ failure.step }}' }\n",
  ],
  [
    'a counter that a loop carries on',
    "steps:\n  - { id: s, set: { n: 0 } }\n  - id: w\n    while: { fact: vars.n, operator: lessThan, value: 3 }\n    max: 5\n    do: [{ id: i, set: { n: '{{ vars.n + 1 }}' } }]\n  - { id: t, task: 'after {{ vars.n }}' }\n",
  ],
])('%s is sound', (_name, body) => {
  expect(found(body)).toEqual([])
})

test.each<[name: string, body: string, said: RegExp]>([
  [
    'an output that may not be there',
    `steps:\n${look}  - { id: t, task: '{{ steps.look.output.owner }}' }\n`,
    /9: template\/type: "steps.look.output.owner" may be missing: the step may have been skipped, denied or failed/,
  ],
  [
    'a member that the action does not always give',
    `steps:\n${look}  - { id: t, if: { fact: steps.look.status, operator: equal, value: done }, task: 'risk {{ steps.look.output.risk }}' }\n`,
    /"steps.look.output.risk" may be missing: it is not always there/,
  ],
  [
    'a member that the action never gives',
    `steps:\n${look}  - { id: t, if: { fact: steps.look.status, operator: equal, value: done }, task: '{{ steps.look.output.ownr }}' }\n`,
    /there is no "ownr" in it/,
  ],
  [
    'a variable set on one way only, with the other way told',
    "steps:\n  - id: way\n    if: { fact: score, operator: greaterThan, value: 50 }\n    then: [{ id: a, set: { x: 1 } }]\n    else: [{ id: b, task: b }]\n  - { id: t, task: '{{ vars.x }}' }\n",
    /12: template\/type: "vars.x" may be missing: it is not there on the way playbooks\/made.yaml:11:/,
  ],
  [
    'a step of a branch that was perhaps left',
    `steps:\n  - id: both\n    join: any\n    parallel:\n      - { id: a, steps: [{ id: one, task: one }] }\n      - { id: b, steps: [{ id: two, task: two }] }\n  - { id: t, task: '{{ steps.one.output }}' }\n`,
    /"steps.one.output" may be missing/,
  ],
  [
    'the first of a list that may be empty',
    "steps:\n  - { id: a, action: edr.isolate, with: { host: '{{ incident.hosts | first }}' }, expires: 1h }\n",
    /the list may be empty/,
  ],
  [
    'a number where text is wanted',
    "steps:\n  - { id: a, action: edr.isolate, with: { host: '{{ incident.score }}' }, expires: 1h }\n",
    /"host": it may be a number, and text is wanted/,
  ],
  [
    'a list where text is wanted',
    "steps:\n  - { id: a, action: edr.isolate, with: { host: '{{ incident.hosts }}' }, expires: 1h }\n",
    /"host": it may be a list, and text is wanted/,
  ],
  [
    'forEach over what is no list',
    "steps:\n  - { id: a, forEach: '{{ incident.title }}', do: [{ id: t, task: x }] }\n",
    /forEach of "a": it may be text/,
  ],
  [
    'an owner that may be nobody',
    "steps:\n  - { id: t, task: 'call {{ incident.owner }}' }\n",
    /nobody owns the incident/,
  ],
  [
    'a filter that takes something else',
    "steps:\n  - { id: t, task: '{{ incident.score | upper }}' }\n",
    /the filter upper takes no number/,
  ],
  [
    'calculating with text',
    "steps:\n  - { id: t, task: '{{ incident.title * 2 }}' }\n",
    /calculates with what is no number/,
  ],
  [
    'a condition that compares with an impossible value',
    'steps:\n  - { id: t, if: { fact: severity, operator: equal, value: SEVERE }, task: x }\n',
    /never: "severity" equal can never hold: it is one of "HIGH", "CRITICAL"/,
  ],
  [
    'a condition that the trigger rules out',
    'steps:\n  - { id: t, if: { fact: severity, operator: equal, value: LOW }, task: x }\n',
    /can never hold/,
  ],
  [
    'a comparison of the wrong kind',
    'steps:\n  - { id: t, if: { fact: title, operator: greaterThan, value: 3 }, task: x }\n',
    /"title" greaterThan can never hold: it is string/,
  ],
  [
    'an answer that is no option',
    'steps:\n  - { id: q, ask: Sure?, options: [yes, no], expires: 1h }\n  - { id: t, if: { fact: steps.q.output.answer, operator: equal, value: maybe }, task: go }\n',
    /can never hold: it is one of "yes", "no"/,
  ],
  [
    'a step after the end',
    'steps:\n  - { id: s, stop: true }\n  - { id: t, task: x }\n',
    /unreachable: "t" is never reached/,
  ],
  [
    'a step after an end on every way',
    'steps:\n  - id: way\n    if: { fact: score, operator: greaterThan, value: 50 }\n    then: [{ id: a, stop: true }]\n    else: [{ id: b, stop: failed }]\n  - { id: t, task: x }\n',
    /"t" is never reached/,
  ],
  [
    'a step after the deadline',
    'steps:\n  - { id: w, wait: 5h }\n  - { id: v, wait: 5h }\n  - { id: t, task: x }\n',
    /deadline: what comes after "v" is later/,
  ],
  [
    'loops that act too often together',
    "steps:\n  - id: a\n    forEach: '{{ incident.hosts }}'\n    max: 100\n    do:\n      - { id: b, forEach: '{{ incident.users }}', as: user, max: 100, action: mail.send, with: { to: '{{ user }}', text: x } }\n",
    /10000 times, at most 2000/,
  ],
  [
    'an effect that cannot be taken back and does not say why',
    'steps:\n  - { id: a, action: edr.wipe, with: { host: x }, expires: 1h }\n',
    /rollback: edr.wipe has no rollback/,
  ],
  [
    'a target that is everything',
    'steps:\n  - { id: a, action: edr.isolate, with: { host: "*" }, expires: 1h }\n',
    /target: edr.isolate aims at "\*"/,
  ],
  [
    'a secret in a message',
    `steps:\n${look}  - { id: m, if: { fact: steps.look.status, operator: equal, value: done }, action: mail.send, with: { to: x, text: "it is {{ steps.look.output.token | upper }}" } }\n`,
    /secret: something secret would be told/,
  ],
  [
    'a secret in a task',
    `steps:\n${look}  - { id: m, if: { fact: steps.look.status, operator: equal, value: done }, task: "{{ steps.look.output.token }}" }\n`,
    /secret/,
  ],
  ['a call of nothing', 'steps:\n  - { id: c, call: nothing }\n', /there is no playbook "nothing"/],
  ['a call without an input', 'steps:\n  - { id: c, call: lookup }\n', /the inputs of "lookup": "host"/],
  [
    'a call with an input of the wrong kind',
    'steps:\n  - { id: c, call: lookup, with: { host: 5 } }\n',
    /the inputs of "lookup": "host": it may be a number/,
  ],
  [
    'a call with an input too many',
    'steps:\n  - { id: c, call: lookup, with: { host: x, hst: y } }\n',
    /it takes no "hst"/,
  ],
  [
    'an output that is not on every way',
    'steps:\n  - { id: t, if: { fact: score, operator: greaterThan, value: 50 }, set: { x: 1 } }\noutputs: { x: "{{ vars.x }}" }\n',
    /"vars.x" may be missing: it is not there on the way playbooks\/made.yaml:8/,
  ],
  [
    'what finally cannot count on',
    "steps:\n  - { id: a, set: { x: 1 } }\nfinally:\n  - { id: t, task: '{{ vars.x }}' }\n",
    /"vars.x" may be missing/,
  ],
])('%s is found before it loads', (_name, body, said) => {
  expect(found(body).join('\n')).toMatch(said)
})

test('playbooks that call one another in a circle are found, with the way around', () => {
  const body = (other: string) => `trigger: { manual: true }\nsteps:\n  - { id: c, call: ${other} }\n`
  const ring = new Map(['a', 'b', 'c'].map((id, index, all) => [id, compiled(id, body(all[(index + 1) % 3] ?? ''))]))
  const problems = callCircles(ring)
  expect(problems).toHaveLength(1)
  for (const id of ring.keys()) expect(problems[0]?.message).toContain(`playbooks/${id}.yaml:8:`)
  expect(formatPlace(problems[0]?.place ?? { file: '', line: 0, column: 0 })).toMatch(/^playbooks\/.\.yaml:8:/)
  expect(callCircles(playbooks)).toEqual([])
})

test('loops inside loops are verified in time that does not explode', () => {
  let body = '[{ id: s, set: { x: 1 } }]'
  for (let depth = 0; depth < 7; depth++)
    body = `[{ id: l${depth}, forEach: '{{ incident.hosts }}', as: i${depth}, max: 1, do: ${body} }, { id: v${depth}, set: { y: ${depth} } }]`
  expect(found(`steps: ${body}\n`)).toEqual([])
})

test('every fact of an incident has a type, and every filter a signature', () => {
  expect(new Set(Object.keys(incidentFactTypes))).toEqual(incidentFactNames)
  expect(Object.keys(signatures).sort()).toEqual(Object.keys(filters).sort())
})

test('what the trigger asks is taken for known only where nothing starts the playbook without asking it', () => {
  const body = 'steps:\n  - { id: tell, task: "Call {{ incident.owner }}" }\n'
  const when = 'when: { fact: owner, operator: equal, value: kim }'
  const asked = compiled('asked', `trigger: { on: [opened], ${when} }\n${body}`)
  const byHand = compiled('by-hand', `trigger: { manual: true, ${when} }\n${body}`)
  const caller = compiled('caller', 'steps:\n  - { id: go, call: asked }\n')
  const faults = (one: Playbook, ...others: readonly Playbook[]) =>
    verifyPlaybook(one, { actions, playbooks: new Map([one, ...others].map((each) => [each.id, each])) }).map(
      ({ code }) => code,
    )
  expect(faults(asked)).toEqual([])
  expect(faults(byHand)).toEqual(['template/type'])
  expect(faults(asked, caller)).toEqual(['template/type'])
})

test.each<[name: string, step: string, said: RegExp]>([
  ['a secret that is told', 'task: "{{ steps.look.output.token | default(1) }}"', /secret/],
  ['an action without a way back', 'action: edr.wipe, with: { host: h1 }, expires: 1h', /no rollback/],
  ['a target that is everything', 'action: edr.isolate, with: { host: "*" }, expires: 1h', /more than one/],
  ['an input of the wrong kind', 'action: mail.send, with: { to: 5, text: x }', /text is wanted/],
  ['a condition that never holds', 'if: { fact: severity, operator: equal, value: NOPE }, task: x', /never hold/],
])('%s is told with the choices that lead there, each by file, line and column', (_name, step, said) => {
  const body = `steps:
  - { id: look, action: edr.look_up, with: { host: h1 }, onError: continue }
  - id: first
    if: { fact: score, operator: greaterThan, value: 1 }
    then:
      - id: second
        if: { fact: score, operator: greaterThan, value: 2 }
        then:
          - { id: wrong, ${step} }
        else:
          - { id: other, task: x }
    else:
      - { id: another, task: x }
`
  const [one] = verifyPlaybook(compiled('ways', body), { actions, playbooks: new Map() })
  expect(one?.message).toMatch(said)
  expect(one?.message).toMatch(/on the way playbooks\/ways\.yaml:\d+:\d+ > playbooks\/ways\.yaml:\d+:\d+$/)
})
