import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { type NextStep, nextStep, type Playbook, type StepResult } from '../../../src/core/playbook/index.ts'
import { factsOf, playbookOf } from './made.ts'

type Answer = StepResult['status']

/** Plays a playbook: every action gets the next of the answers, everything else is recorded as it comes. */
async function play(playbook: Playbook, facts: JsonObject, answers: readonly Answer[] = []) {
  const results: StepResult[] = []
  const steps: NextStep[] = []
  for (let turn = 0; turn < 200; turn++) {
    const next = await nextStep(playbook, { results, facts })
    steps.push(next)
    if (next.kind === 'finished') return { results, steps, end: next }
    if (next.kind === 'record') results.push(next.result)
    else if (next.kind === 'task') results.push(result(next.path, 'done', next.title))
    else {
      const count = steps.filter((one) => one.kind === 'action').length
      results.push(result(next.path, answers[(count - 1) % Math.max(1, answers.length)] ?? 'done', { count }))
    }
  }
  throw new Error('the playbook does not end')
}

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
  expect(steps.map((step) => step.kind)).toEqual(['task', 'action', 'finished'])
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
  const first = await nextStep(playbook, { results: [], facts: factsOf() })
  const results = [result(first.kind === 'action' ? first.path : '', 'done', null)]
  const grown = factsOf({ people: ['user16@example.com', 'user17@example.com'] })
  const second = await nextStep(playbook, { results, facts: grown })
  expect(second).toMatchObject({ kind: 'action', inputs: { userId: 'user16@example.com' } })
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
        const { results, steps } = await play(playbook, facts, answers)
        for (let n = 0; n <= results.length; n++) {
          const again = await nextStep(playbook, {
            results: structuredClone(results.slice(0, n)),
            facts: structuredClone(facts),
          })
          expect(again).toEqual(steps[n])
        }
        const paths = steps.flatMap((step) => (step.kind === 'action' ? [step.path] : []))
        expect(new Set(paths).size).toBe(paths.length)
      },
    ),
    { numRuns: 200 },
  )
})
