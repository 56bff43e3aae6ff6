import { expect, test } from 'vitest'
import { databaseAway } from './database-away.ts'
import { killUnderHooks } from './hooks-kill.ts'
import { killUnderLoad } from './kill.ts'
import { killAtPoints } from './points/kill-at-points.ts'
import { respondWithoutDatabase } from './respond-away.ts'

test('kill -9 at random moments under load: nothing acknowledged is lost or counted twice', {
  timeout: 180_000,
}, async () => {
  const report = await killUnderLoad(1500, 3)
  expect(report.faults).toEqual([])
  expect(report.kills).toBe(3)
})

test("kill -9 under requests to a playbook's webhook: each has one run, and it is the one that was answered", {
  timeout: 180_000,
}, async () => {
  expect(await killUnderHooks(40, 2)).toEqual({ kills: 2, requests: 40, runs: 40, faults: [] })
})

test('a database that stops and comes back: refused, not lost', { timeout: 180_000 }, async () => {
  const report = await databaseAway(800, 3000)
  expect(report.faults).toEqual([])
})

test('a database that goes away in the middle of runs: they go on, nothing is left out and nothing is done twice', {
  timeout: 180_000,
}, async () => {
  const report = await respondWithoutDatabase(12, 2000)
  expect(report).toMatchObject({ lost: 0, twice: 0, faults: [] })
})

// The same points in every run, so that a failure belongs to the change that caused it; GITSOC_SEED=0 tries others.
const seed = Number(process.env.GITSOC_SEED ?? 20_261_121) || Date.now()

test(`a worker killed at any outside step: another takes over, and the end is as if nothing had happened (seed ${seed})`, {
  timeout: 300_000,
}, async () => {
  const report = await killAtPoints({ lanes: 2, sample: { seed, scenarios: 5, points: 3 } })
  expect(report).toMatchObject({ scenarios: 5, kills: 15, lost: 0, twice: 0, faults: [] })
})
