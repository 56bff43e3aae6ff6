import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashId, type Json, type JsonObject } from '../../../src/core/model/index.ts'
import {
  advance,
  type NextStep,
  type Playbook,
  type RunRecord,
  type StepResult,
} from '../../../src/core/playbook/index.ts'
import { factsOf, playbookFrom, playbookOf } from './made.ts'

type Answer = StepResult['status']

/** Plays a playbook: every action gets the next of the answers, questions and waits what is said of their path. */
async function play(
  playbook: Playbook,
  facts: JsonObject,
  answers: readonly Answer[] = [],
  said: Readonly<Record<string, Json>> = {},
  playbooks: ReadonlyMap<string, Playbook> = new Map(),
) {
  const results: StepResult[] = []
  const steps: NextStep[] = []
  for (let turn = 0; turn < 500; turn++) {
    const advanced = await advance(playbook, recordOf({ results, facts }), playbooks)
    results.push(...advanced.results)
    if (advanced.end !== null)
      return { results: results.filter((one) => one.status !== 'decided'), all: results, steps, end: advanced.end }
    const [next] = advanced.next
    if (next === undefined) throw new Error('nothing is next and nothing has ended')
    steps.push(next)
    if (next.kind === 'task') results.push(result(next.path, 'done', next.title))
    else if (next.kind === 'ask') results.push(result(next.path, 'done', { answer: said[next.path] ?? null }))
    else if (next.kind === 'wait') results.push(result(next.path, 'done', said[next.path] ?? null))
    else {
      const count = steps.filter((one) => one.kind === 'action').length
      results.push(result(next.path, answers[(count - 1) % Math.max(1, answers.length)] ?? 'done', { count }))
    }
  }
  throw new Error('the playbook does not end')
}

const recordOf = (parts: Partial<RunRecord>): RunRecord => ({
  results: [],
  facts: {},
  inputs: {},
  started: new Set(),
  cancelled: null,
  ...parts,
})

const result = (path: string, status: Answer, output: Json): StepResult => ({
  path,
  status,
  output,
  sentence: `${path} ${status}`,
})
const calls = (steps: readonly NextStep[]) =>
  steps.flatMap((one) => (one.kind === 'action' ? [[one.path.replace(/\[.*/, ''), one.inputs]] : []))

const each = (more = '') =>
  `  - { id: suspend, forEach: "{{ incident.people }}", action: okta.suspend_user, with: { userId: "{{ item }}" }, expires: 24h${more} }\n`
const one = (id: string, value: string, more = '') =>
  `  - { id: ${id}, action: okta.suspend_user, with: { userId: "${value}" }, expires: 24h${more} }\n`
const task = (id: string, text = id, more = '') => `  - { id: ${id}, task: "${text}"${more} }\n`

test('steps come in order, with the inputs of the incident, and the end says how many', async () => {
  const { steps, end } = await play(
    playbookOf(`${task('look', 'Look at {{ incident.title }}')}${one('suspend', '{{ incident.people | first }}')}`),
    factsOf(),
  )
  expect(steps.map((step) => step.kind)).toEqual(['task', 'action'])
  expect(steps[0]).toMatchObject({ title: 'Look at Takeover', path: 'look' })
  expect(calls(steps)).toEqual([['suspend', { userId: 'user17@example.com' }]])
  expect(end).toMatchObject({ status: 'completed', sentence: 'all 2 steps are done' })
})

test('a step whose condition does not hold is skipped and says what was seen', async () => {
  const when = ', if: { fact: severity, operator: equal, value: CRITICAL }'
  const playbook = playbookOf(task('call', 'Call', when))
  expect((await play(playbook, factsOf())).results[0]?.status).toBe('done')
  const skipped = await play(playbook, factsOf({ severity: 'LOW' }))
  expect(skipped.results[0]).toMatchObject({ status: 'skipped', sentence: '"call" is not needed: severity = "LOW"' })
  expect(skipped.end.status).toBe('completed')
})

test('a stop ends the run only when it is reached', async () => {
  const when = ', if: { fact: severity, operator: equal, value: LOW }'
  const playbook = playbookOf(`  - { id: enough, title: nothing to do, stop: true${when} }\n${task('call')}`)
  const stopped = await play(playbook, factsOf({ severity: 'LOW' }))
  expect(stopped.end).toMatchObject({ status: 'stopped', sentence: 'stopped at "nothing to do"' })
  expect(stopped.results.map((step) => step.path)).toEqual(['enough'])
  expect((await play(playbook, factsOf())).results.map((step) => step.path)).toEqual(['enough', 'call'])
})

test('a list is worked off item by item, each once, and summed up', async () => {
  const people = ['a@example.com', 'b@example.com', 'c@example.com']
  const { steps, results } = await play(playbookOf(each(', onError: continue')), factsOf({ people }), [
    'done',
    'denied',
    'failed',
  ])
  expect(calls(steps).map(([, inputs]) => inputs)).toEqual(people.map((userId) => ({ userId })))
  expect(results.at(-1)).toMatchObject({
    path: 'suspend',
    status: 'done',
    sentence: '"suspend": 1 done, 1 denied, 1 failed',
  })
})

test('the first failure in a list ends the run, unless the step says that it goes on', async () => {
  const facts = factsOf({ people: ['a@example.com', 'b@example.com'] })
  const { steps, end } = await play(playbookOf(each()), facts, ['failed'])
  expect(calls(steps)).toHaveLength(1)
  expect(end.status).toBe('failed')
})

test('an item that joins the list while the run goes on is acted on too, and nobody twice', async () => {
  const playbook = playbookOf(each())
  const first = await advance(playbook, recordOf({ facts: factsOf() }))
  const results = [...first.results, result(first.next[0]?.path ?? '', 'done', null)]
  const grown = factsOf({ people: ['user16@example.com', 'user17@example.com'] })
  const second = await advance(playbook, recordOf({ results, facts: grown }))
  expect(second.next).toMatchObject([{ kind: 'action', inputs: { userId: 'user16@example.com' } }])
  const both = [...results, ...second.results, result(second.next[0]?.path ?? '', 'done', null)]
  const third = await advance(playbook, recordOf({ results: both, facts: grown }))
  expect(third.end).toMatchObject({ status: 'completed' })
})

test('a list that grows past its bound is left to a person after what was begun', async () => {
  const playbook = playbookOf(each(', max: 1'))
  const first = await advance(playbook, recordOf({ facts: factsOf() }))
  const results = [...first.results, result(first.next[0]?.path ?? '', 'done', null)]
  const grown = factsOf({ people: ['user16@example.com', 'user17@example.com'] })
  const second = await advance(playbook, recordOf({ results, facts: grown }))
  expect(second.end).toMatchObject({
    status: 'failed',
    sentence: expect.stringMatching(/2 items, at most 1.*a person/),
  })
})

test('a list that is empty is nothing to do', async () => {
  const { results, end } = await play(playbookOf(each()), factsOf({ people: [] }))
  expect(results).toMatchObject([{ status: 'skipped', sentence: '"suspend": there is nothing to act on' }])
  expect(end.status).toBe('completed')
})

test.each<[name: string, people: Json, said: RegExp]>([
  [
    'a list that is too long is left to a person',
    Array.from({ length: 11 }, (_, n) => `user${n}@example.com`),
    /11 items.*a person/,
  ],
  ['what is no list is not acted on', 'user17@example.com', /no list/],
])('%s', async (_name, people, said) => {
  const { steps, results, end } = await play(playbookOf(each() + task('after')), factsOf({ people }))
  expect(calls(steps)).toEqual([])
  expect(results.at(-1)?.sentence).toMatch(said)
  expect(end.status).toBe('failed')
})

test('a failure ends the run, unless the step says that it goes on', async () => {
  const stops = await play(playbookOf(one('suspend', 'x') + task('after')), factsOf(), ['failed'])
  expect(stops.end.status).toBe('failed')
  expect(stops.results.map((step) => step.path)).toEqual(['suspend'])
  const goesOn = await play(playbookOf(one('suspend', 'x', ', onError: continue') + task('after')), factsOf(), [
    'failed',
  ])
  expect(goesOn.end.status).toBe('completed')
})

test('what a person denied is not done, and the rest of the playbook goes on', async () => {
  const { end, results } = await play(playbookOf(one('suspend', 'x') + task('after')), factsOf(), ['denied'])
  expect(results.map((step) => step.status)).toEqual(['denied', 'done'])
  expect(end.status).toBe('completed')
})

test('a later step sees how an earlier one ended', async () => {
  const { results } = await play(
    playbookOf(
      one('suspend', 'x', ', onError: continue') +
        task('tell', 'It was {{ steps.suspend.status }} ({{ steps.suspend.output.count }})'),
    ),
    factsOf(),
    ['failed'],
  )
  expect(results.at(-1)?.output).toBe('It was failed (1)')
})

test('an input that cannot be rendered fails the step and calls nothing', async () => {
  const { steps, results } = await play(playbookOf(one('suspend', '{{ incident.owner }}')), { people: [] })
  expect(calls(steps)).toEqual([])
  expect(results).toMatchObject([{ path: 'suspend', status: 'failed' }])
})

test.each([
  '{{ 7 * 7 }}',
  '{{ incident.title }}',
  '{% for x in incident %}x{% endfor %}',
  '{{ constructor.constructor("return 1")() }}',
  '$(id)',
  '__proto__',
  'a\r\nBcc: everybody@example.com',
  '../../../etc/passwd',
])('what stands in an event stays what it is: %j', async (hostile) => {
  const { steps } = await play(playbookOf(each()), factsOf({ people: [hostile] }))
  expect(calls(steps)).toEqual([['suspend', { userId: hostile }]])
})

const playbooks = [
  each() + task('after'),
  each(', onError: continue') + task('after', 'was {{ steps.suspend.status }}'),
  task('look') +
    one('suspend', "{{ incident.people | first | default('nobody') }}") +
    each().replace('suspend', 'again'),
  `  - { id: enough, stop: true, if: { fact: severity, operator: equal, value: LOW } }\n${each()}`,
].map(playbookOf)

test('a run told again from any point of its record takes the same steps', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...playbooks),
      fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 12 }),
      fc.constantFrom('LOW', 'CRITICAL', null),
      fc.array(fc.constantFrom<Answer>('done', 'denied', 'failed'), { minLength: 1, maxLength: 5 }),
      async (playbook, people, severity, answers) => {
        const facts = factsOf({ people, severity })
        const { all, steps, end } = await play(playbook, facts, answers)
        for (let n = 0; n <= all.length; n++) {
          const results = structuredClone(all.slice(0, n))
          const again = await advance(playbook, recordOf({ results, facts: structuredClone(facts) }))
          const retold = [...results, ...again.results]
          expect(retold).toEqual(all.slice(0, retold.length))
          const done = retold.filter((one) => steps.some((step) => step.path === one.path)).length
          if (again.end === null) expect(again.next[0]).toEqual(steps[done])
          else expect(again.end).toEqual(end)
        }
        const paths = steps.map((step) => step.path)
        expect(new Set(paths).size).toBe(paths.length)
      },
    ),
    { numRuns: 200 },
  )
})

test.each<
  [name: string, body: string, facts: JsonObject, answers: Answer[], said: Record<string, Json>, paths: string]
>([
  [
    'if takes one way and keeps to it',
    '  - id: way\n    if: { fact: severity, operator: equal, value: CRITICAL }\n    then: [{ id: a, task: a }]\n    else: [{ id: b, task: b }]\n',
    {},
    [],
    {},
    'a way',
  ],
  [
    'else is the other way',
    '  - id: way\n    if: { fact: severity, operator: equal, value: LOW }\n    then: [{ id: a, task: a }]\n    else: [{ id: b, task: b }]\n',
    {},
    [],
    {},
    'b way',
  ],
  [
    'switch takes the first case that holds',
    '  - id: kind\n    switch:\n      - { when: { fact: score, operator: lessThan, value: 10 }, steps: [{ id: a, task: a }] }\n      - { when: { fact: score, operator: greaterThan, value: 10 }, steps: [{ id: b, task: b }] }\n      - { when: { fact: score, operator: greaterThan, value: 20 }, steps: [{ id: c, task: c }] }\n    default: [{ id: d, task: d }]\n',
    {},
    [],
    {},
    'b kind',
  ],
  [
    'an answer decides',
    '  - { id: sure, ask: Really?, options: [yes, no], expires: 1h }\n  - id: way\n    if: { fact: steps.sure.output.answer, operator: equal, value: yes }\n    then: [{ id: a, task: a }]\n',
    {},
    [],
    { sure: 'yes' },
    'sure a way',
  ],
  [
    'steps inside a loop see their item and one another',
    "  - id: each\n    forEach: '{{ incident.users }}'\n    as: user\n    do: [{ id: one, task: '{{ user }}' }, { id: two, task: '{{ steps.one.output }}!' }]\n",
    { users: ['x'] },
    [],
    {},
    'each[%x]/one each[%x]/two each',
  ],
  [
    'a loop ends when its condition does',
    "  - { id: start, set: { left: 2 } }\n  - id: poll\n    while: { fact: vars.left, operator: greaterThan, value: 0 }\n    max: 5\n    do: [{ id: less, set: { left: '{{ vars.left - 1 }}' } }]\n",
    {},
    [],
    {},
    'start poll#0/less poll#1/less poll',
  ],
  [
    'a loop ends at its bound',
    '  - id: poll\n    while: { fact: severity, operator: equal, value: CRITICAL }\n    max: 2\n    do: [{ id: pause, wait: 10s }]\n',
    {},
    [],
    {},
    'poll#0/pause poll#1/pause poll',
  ],
  [
    'a failure goes on with its compensation, then onFailure, then finally',
    "  - { id: cut, action: okta.suspend_user, with: { userId: x }, expires: 1h, onError: { goto: undo } }\n  - { id: after, task: after }\ncompensation:\n  undo: [{ id: restore, task: '{{ failure.step }}' }]\nonFailure: [{ id: tell, task: '{{ failure.sentence }}' }]\nfinally: [{ id: last, task: last }]\n",
    {},
    ['failed'],
    {},
    'cut restore tell last',
  ],
  [
    'a jump is not held up by a block that goes on',
    "  - id: each\n    forEach: '{{ incident.users }}'\n    onError: continue\n    do: [{ id: cut, action: okta.suspend_user, with: { userId: '{{ item }}' }, expires: 1h, onError: { goto: undo } }]\n  - { id: after, task: after }\ncompensation:\n  undo: [{ id: restore, task: restore }]\n",
    { users: ['x'] },
    ['failed'],
    {},
    'each[%x]/cut each restore',
  ],
  [
    'finally comes after a stop too',
    '  - { id: enough, stop: true }\n  - { id: after, task: after }\nfinally: [{ id: last, task: last }]\n',
    {},
    [],
    {},
    'enough last',
  ],
])('%s', async (_name, body, facts, answers, said, paths) => {
  const { results } = await play(playbookOf(body), factsOf(facts), answers, said)
  const wanted = paths.replace(/%(\w+)/g, (_all, item: string) => hashId(JSON.stringify(item)).slice(0, 10))
  expect(results.map((one) => one.path).join(' ')).toBe(wanted)
})

const side = (join: string) =>
  playbookOf(
    `  - id: both\n    join: ${join}\n    parallel:\n      - { id: a, steps: [{ id: one, task: one }, { id: two, task: two }] }\n      - { id: b, steps: [{ id: three, task: three }] }\n  - { id: after, task: after }\n`,
  )

test('branches go on side by side, and the join waits for all of them', async () => {
  const first = await advance(side('all'), recordOf({ facts: factsOf() }))
  expect(first.next.map((one) => one.path)).toEqual(['one', 'three'])
  const results = [...first.results, result('three', 'done', null)]
  const second = await advance(side('all'), recordOf({ facts: factsOf(), results }))
  expect(second.next.map((one) => one.path)).toEqual(['one'])
})

test('with any, what has begun is waited for and nothing new begins', async () => {
  const first = await advance(side('any'), recordOf({ facts: factsOf() }))
  const results = [...first.results, result('three', 'done', null)]
  const waits = await advance(side('any'), recordOf({ facts: factsOf(), results, started: new Set(['one']) }))
  expect(waits.next.map((one) => one.path)).toEqual(['one'])
  const goesOn = await advance(side('any'), recordOf({ facts: factsOf(), results }))
  expect(goesOn.next.map((one) => one.path)).toEqual(['after'])
})

test('a loop works on as many items at once as it may', async () => {
  const users = ['a', 'b', 'c', 'd']
  const playbook = playbookOf(
    "  - { id: each, forEach: '{{ incident.users }}', concurrency: 3, do: [{ id: one, task: '{{ item }}' }] }\n",
  )
  const { next } = await advance(playbook, recordOf({ facts: factsOf({ users }) }))
  expect(next.map((one) => (one.kind === 'task' ? one.title : null))).toEqual(['a', 'b', 'c'])
})

test('a called playbook sees its inputs and nothing of its caller, and its outputs come back', async () => {
  const callee = playbookFrom(
    'lock',
    "trigger: { manual: true }\ninputs: { user: { type: string, description: who } }\nsteps: [{ id: one, task: 'lock {{ inputs.user }}' }]\noutputs: { said: '{{ steps.one.output }}' }\n",
  )
  const caller = playbookOf(
    "  - { id: one, task: mine }\n  - { id: sub, call: lock, with: { user: x } }\n  - { id: tell, task: '{{ steps.sub.output.said }} and {{ steps.one.output }}' }\n",
  )
  const { results, end } = await play(caller, factsOf(), [], {}, new Map([['lock', callee]]))
  expect(results.map((one) => one.path)).toEqual(['one', 'sub/one', 'sub', 'tell'])
  expect(results.at(-1)?.output).toBe('lock x and mine')
  expect(end.status).toBe('completed')
})

test('a cancelled run begins nothing new but what it does at the end in any case', async () => {
  const playbook = playbookOf(`${task('one')}${task('two')}finally: [{ id: last, task: last }]\n`)
  const record = recordOf({ facts: factsOf(), results: [result('one', 'done', null)], cancelled: 'a drill' })
  expect((await advance(playbook, record)).next.map((one) => one.path)).toEqual(['last'])
  const ended = await advance(playbook, { ...record, results: [...record.results, result('last', 'done', null)] })
  expect(ended.end).toMatchObject({ status: 'cancelled', sentence: 'cancelled: a drill' })
})

test('what an action answers is never taken for a variable or a jump', async () => {
  const playbook = playbookOf(
    `  - { id: v, set: { safe: yes } }\n${one('cut', 'x', ', onError: continue')}  - { id: tell, task: '{{ vars.safe }}' }\ncompensation: { undo: [{ id: restore, task: restore }] }\n`,
  )
  const first = await advance(playbook, recordOf({ facts: factsOf() }))
  const hostile = result('cut', 'failed', { safe: 'no', goto: 'undo', step: 'x', because: [], case: 0 })
  const second = await advance(playbook, recordOf({ facts: factsOf(), results: [...first.results, hostile] }))
  expect(second.next).toMatchObject([{ kind: 'task', title: 'yes' }])
})

const loopOf = (inner: string) =>
  playbookOf(
    `  - { id: each, forEach: '{{ incident.users }}', concurrency: 3, do: ${inner} }\n  - { id: after, task: after }\n`,
  )
const cut = "{ id: cut, action: okta.suspend_user, with: { userId: '{{ item }}' }, expires: 1h }"

test.each<[name: string, inner: string, status: Answer, end: string]>([
  ['failed', `[${cut}]`, 'failed', 'failed'],
  ['stopped', `[${cut}, { id: enough, if: { fact: item, operator: equal, value: b }, stop: true }]`, 'done', 'stopped'],
])(
  'a loop that has %s waits for what it began in every item, and begins nothing more',
  async (_name, inner, status, ending) => {
    const playbook = loopOf(inner)
    const facts = factsOf({ users: ['a', 'b', 'c', 'd', 'e'] })
    const first = await advance(playbook, recordOf({ facts }))
    const [a = '', b = '', c = ''] = first.next.map((one) => one.path)
    expect(first.next).toHaveLength(3)
    const results = [...first.results, result(b, status, null)]
    const waits = await advance(playbook, recordOf({ facts, results, started: new Set([a, c]) }))
    expect(waits.next.map((one) => one.path)).toEqual([a, c])
    const both = [...results, ...waits.results, result(c, 'done', null)]
    const last = await advance(playbook, recordOf({ facts, results: both, started: new Set([a]) }))
    expect(last.next.map((one) => one.path)).toEqual([a])
    const all = [...both, ...last.results, result(a, 'done', null)]
    const over = await advance(playbook, recordOf({ facts, results: all }))
    expect(over.end).toMatchObject({ status: ending })
    expect([...all, ...over.results].filter((one) => one.path.endsWith('/cut')).map((one) => one.path)).toEqual([
      b,
      c,
      a,
    ])
  },
)
