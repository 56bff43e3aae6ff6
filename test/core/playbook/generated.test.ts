import { expect, test } from 'vitest'
import { advance, play } from '../../../src/core/playbook/index.ts'
import {
  proveRuns,
  random,
  somePlaybook,
  somePolicy,
  someScript,
  violation,
} from '../../support/generated-playbooks.ts'

const seed = Number(process.env.GITSOC_SEED ?? 20_260_000) || Date.now() % 1_000_000_000

test('runs of generated playbooks end, and change nothing without an approval or a policy that allows it', async () => {
  const proved = await proveRuns(4000, seed, 20)
  expect(proved.violations).toEqual([])
  expect(proved.runs).toBe(4000)
  // The generator would prove nothing if its playbooks never acted.
  expect(proved.changed).toBeGreaterThan(200)
  expect(proved.effects - proved.changed).toBeGreaterThan(1000)
})

test('a gate that lets through what it should not is found', async () => {
  let found = 0
  for (let n = seed; n < seed + 150; n++) {
    const from = random(n)
    const playbook = somePlaybook(from)
    if (playbook === null) continue
    const made = somePolicy(from)
    const script = someScript(from, playbook)
    const actions = new Map(
      [...Array(2)].flatMap((_one, index) =>
        ['read', 'notify', 'reversible', 'destructive'].map(
          (effect) =>
            [`made.${effect}_${index + 1}`, { effect: effect as 'read', input: {}, target: 'target' }] as const,
        ),
      ),
    )
    const open = await play(playbook, script, { actions, playbooks: new Map(), policies: [], assume: true })
    const forged = { ...open, effects: open.effects.map((one) => ({ ...one, outcome: 'done' as const })) }
    if (violation(forged, script, made) !== null) found++
  }
  expect(found).toBeGreaterThan(15)
})

test('a run told again from any moment of its record is identical', async () => {
  for (let n = seed; n < seed + 100; n++) {
    const from = random(n)
    const playbook = somePlaybook(from)
    if (playbook === null) continue
    const script = someScript(from, playbook)
    const made = somePolicy(from)
    const stage = { actions: new Map(), playbooks: new Map(), policies: [made.policy] }
    const played = await play(playbook, script, stage)
    const record = { facts: script.facts, inputs: script.inputs, started: new Set<string>(), cancelled: null }
    for (const cut of played.moments) {
      const results = structuredClone(played.results.slice(0, cut))
      const again = await advance(playbook, { ...record, results })
      const retold = [...results, ...again.results]
      expect(retold).toEqual(played.results.slice(0, retold.length))
      if (again.end !== null) expect(again.end).toEqual(played.end)
    }
  }
})
