import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestOpen } from '../../src/preview/bisect.ts'
import { gitsoc } from '../support/cli.ts'
import { idOf, planRepository, record, ruleFile } from './plan-content.ts'

test('the commit that lost an alert is found past one that does not load, and what it changed is told', async () => {
  const repository = planRepository()
  const good = repository.commit('first')
  repository.put('README.md', 'no content')
  repository.commit('words')
  repository.put('rules/detection/a.yaml', ruleFile('a', 'a'))
  repository.commit('another rule')
  repository.put('rules/detection/broken.yaml', 'title: [')
  repository.commit('broken')
  repository.remove('rules/detection/broken.yaml')
  repository.commit('mended')
  repository.put('rules/detection/login.yaml', ruleFile('login', 'sign-in'))
  const culprit = repository.commit('narrow the login rule')
  repository.put('rules/detection/b.yaml', ruleFile('b', 'b'))
  const bad = repository.commit('one more')
  const events = repository.put('events.ndjson', record(0, 'login', 'user1'))
  const args = ['bisect', '--content', repository.dir, '--good', good, '--bad', bad, '--history', events]
  const ended = await gitsoc(...args, '--lost', 'login', '--json')
  expect(ended.json()).toMatchObject({
    alerts: { good: 1, bad: 0 },
    found: { commit: culprit, subject: 'narrow the login rule' },
    content: [{ change: 'changed', kind: 'detection', title: 'login' }],
    undecided: [],
    commitCount: 5,
  })
  const other = await gitsoc(...args, '--alert', idOf('login'))
  expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining('1 alerts at') })
}, 120_000)

test('the two ends in the wrong order, and both options at once, are told', async () => {
  const repository = planRepository()
  const first = repository.commit()
  repository.put('rules/detection/a.yaml', ruleFile('a', 'a'))
  const second = repository.commit()
  const events = repository.put('events.ndjson', record(0, 'login', 'user1'))
  const args = ['bisect', '--content', repository.dir, '--history', events]
  expect(await gitsoc(...args, '--good', second, '--bad', first, '--lost', 'login')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('does not come after'),
  })
  expect((await gitsoc(...args, '--good', first, '--bad', second, '--lost', 'x', '--alert', 'x')).exitCode).toBe(2)
})

test('without --history the recordings of the repository are searched; where it has none that is said', async () => {
  const repository = planRepository()
  const good = repository.commit('first')
  repository.put('rules/detection/login.yaml', ruleFile('login', 'sign-in'))
  const bad = repository.commit('narrow the login rule')
  const args = ['bisect', '--content', repository.dir, '--good', good, '--bad', bad, '--lost', 'login']
  const none = await gitsoc(...args)
  expect(none).toMatchObject({
    exitCode: 2,
    err: expect.stringMatching(/brings no recordings[\s\S]*hint: .*--history/u),
  })
  const body = JSON.parse(record(0, 'login', 'user1'))
  const line = JSON.stringify({ at: Date.UTC(2026, 5, 1), source: 'generic', body })
  repository.put('test/scenarios/one/recording.ndjson', `${line}\n`)
  expect((await gitsoc(...args, '--json')).json()).toMatchObject({
    alerts: { good: 1, bad: 0 },
    found: { commit: bad },
  })
}, 60_000)

test('a commit that is not there is told with the branch that was meant', async () => {
  const repository = planRepository()
  repository.commit()
  repository.git('branch', 'narrow-login')
  const said = { exitCode: 3, err: expect.stringMatching(/there is no commit "narow-login".*\nhint: did you mean/) }
  expect(await gitsoc('plan', '--content', repository.dir, '--base', 'narow-login')).toMatchObject(said)
  const ends = ['--good', 'narow-login', '--bad', 'HEAD', '--lost', 'login']
  expect(await gitsoc('bisect', '--content', repository.dir, ...ends)).toMatchObject(said)
  expect((await gitsoc('plan', '--content', repository.dir, '--base', 'xyzzy')).err).toMatch(/\nhint: name a branch/)
})

test.each([
  ['a rule that neither end has', 'logon', 2, 'hint: did you mean "login"?'],
  ['a part of a path that several have', 'detection/', 2, '"detection/" names 2 rules'],
])('%s is told before anything is replayed', async (_name, rule, exitCode, said) => {
  const repository = planRepository()
  const first = repository.commit()
  repository.put('rules/detection/a.yaml', ruleFile('a', 'a'))
  const second = repository.commit()
  const events = repository.put('events.ndjson', record(0, 'login', 'user1'))
  const args = ['bisect', '--content', repository.dir, '--history', events, '--good', first, '--bad', second]
  expect(await gitsoc(...args, '--lost', rule)).toMatchObject({ exitCode, err: expect.stringContaining(said) })
  expect(await gitsoc(...args, '--good', 'nowhere', '--lost', 'login')).toMatchObject({ exitCode: 3 })
})

test('halving finds the first bad commit in few steps, whichever commits do not load', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.func(fc.boolean()), (count, seed, breaks) => {
      const first = seed % count
      const isBroken = (at: number) => at !== first && breaks(at)
      const tried = new Map<number, boolean>([[count - 1, true]])
      let [low, high] = [-1, count - 1]
      for (let at = nearestOpen(low, high, tried); at !== null; at = nearestOpen(low, high, tried)) {
        tried.set(at, true)
        if (isBroken(at)) continue
        if (at >= first) high = at
        else low = at
      }
      expect(high).toBe(first)
    }),
  )
  const tried = new Map<number, boolean>([[1023, true]])
  let [low, high, steps] = [-1, 1023, 0]
  for (let at = nearestOpen(low, high, tried); at !== null; at = nearestOpen(low, high, tried)) {
    steps++
    tried.set(at, true)
    if (at >= 700) high = at
    else low = at
  }
  expect([high, steps]).toEqual([700, 10])
})
