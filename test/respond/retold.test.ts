import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/model/index.ts'
import { advance, type StepResult } from '../../src/core/playbook/index.ts'
import { cancelRun, readTurns } from '../../src/respond/index.ts'
import { allow, bundleWith, worldOf } from './world.ts'

const steps = `  - { id: many, forEach: "{{ incident.people }}", concurrency: 2, action: okta.suspend_user, with: { userId: "{{ item }}" }, expires: 24h, onError: continue }
  - { id: grave, if: { fact: score, operator: greaterThan, value: 50 }, task: Grave }
  - { id: choose, ask: "Go on?", options: [yes, no], to: { roles: [responder] }, expires: 2h, onExpiry: no }
  - id: both
    parallel:
      - { id: a, steps: [{ id: pause, wait: 10m }, { id: note, set: { seen: "{{ incident.people }}" } }] }
      - { id: b, steps: [{ id: tell, action: email.send, with: { to: a@example.com, subject: x, text: "{{ steps.choose.output.answer }}" } }] }
  - id: turns
    while: { fact: severity, operator: equal, value: LOW }
    max: 2
    do: [{ id: look, task: "Look {{ incident.people | join(', ') }}" }]
finally:
  - { id: last, task: Last }
`

/** Feeds what a run has recorded back through the interpreter, turn by turn; what comes out has to be what was recorded. */
async function retold(world: Awaited<ReturnType<typeof worldOf>>, bundle: Awaited<ReturnType<typeof bundleWith>>) {
  const [run] = await world.rows<{ id: string; inputs: JsonObject }>('select id, inputs from run')
  const playbook = bundle.playbooks.get('contain')
  if (run === undefined || playbook === undefined) throw new Error('there is no run')
  const recorded = await world.rows<StepResult>('select path, status, output, sentence from run_step order by n')
  const turns = await world.store.transaction((tx) => readTurns(tx, run.id))
  let told = 0
  for (const turn of turns) {
    const { facts, cancelled } = turn
    const results = recorded.slice(0, turn.seen)
    const record = { results, facts, inputs: run.inputs, started: new Set(turn.started), cancelled }
    const advanced = await advance(playbook, record, bundle.playbooks)
    expect(advanced.results).toEqual(recorded.slice(turn.seen, turn.seen + advanced.results.length))
    expect(advanced.next.map((one) => one.path)).toEqual(turn.next)
    told += advanced.results.length
  }
  return { turns, told, recorded }
}

test('a run told again from its record is the same, though the incident has become another meanwhile', async () => {
  const bundle = await bundleWith(steps, allow)
  const world = await worldOf(bundle, { people: ['a@example.com', 'b@example.com', 'c@example.com'] })
  await world.drain()
  await world.save(['d@example.com'])
  const [asked] = await world.approvals()
  await world.answer(asked?.id ?? '', { answer: 'yes' })
  await world.drain()
  world.time.at += 600_000
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
  const { turns, told, recorded } = await retold(world, bundle)
  expect(turns.length).toBeGreaterThan(4)
  expect(told).toBeGreaterThan(7)
  expect(JSON.stringify(turns[0]?.facts)).not.toBe(JSON.stringify(turns.at(-1)?.facts))
  expect(recorded.map((one) => one.path)).toContain('last')
})

test('a run that was cancelled is told again with the reason it was cancelled for', async () => {
  const bundle = await bundleWith(steps, allow)
  const world = await worldOf(bundle)
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  await cancelRun(world.store, run?.id ?? '', { actor: 'lead', reason: 'drill', at: world.time.at, rollback: true })
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'cancelled' }])
  const { turns } = await retold(world, bundle)
  expect(turns.at(-1)?.cancelled).toBe('by lead: drill')
})
