import { expect, test } from 'vitest'
import { rankSimilar, saveAlerts, saveIncidents, similarIncidents } from '../../src/cases/index.ts'
import { testStore } from '../support/store.ts'
import { madeAlert, madeIncident } from './made.ts'

const comparable = (number: number, entities: string[], techniques: string[] = [], rules: string[] = []) => ({
  number,
  title: `incident ${number}`,
  status: 'new' as const,
  verdict: null,
  entities,
  techniques,
  rules,
})

test('a value counts more than a rule, a rule more than a technique, and what few have more than what many have', () => {
  const of = { entities: ['user:a', 'ip:common'], techniques: ['T1'], rules: ['r1'] }
  const others = [
    comparable(1, ['ip:common']),
    comparable(2, ['ip:common', 'user:a']),
    comparable(3, ['ip:common'], [], ['r1']),
    comparable(4, ['ip:common'], ['T1']),
    comparable(5, ['ip:common']),
    comparable(6, ['ip:other']),
  ]
  const ranked = rankSimilar(of, others, 10)
  expect(ranked.map((one) => one.number)).toEqual([2, 3, 4, 5, 1])
  expect(ranked[0]?.shared).toEqual({ entities: ['user:a', 'ip:common'], techniques: [], rules: [] })
  expect(rankSimilar(of, others.toReversed(), 10)).toEqual(ranked)
  expect(rankSimilar(of, others, 2)).toHaveLength(2)
})

test('of stored incidents those are found that share a value, a technique or a rule; merged ones are left out', async () => {
  const store = await testStore()
  const user = (value: string) => ({ type: 'user' as const, value, role: 'target' as const })
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [
      madeIncident({ number: 1, observables: [user('CORP\\Anna')], techniques: [] }),
      madeIncident({ number: 2, observables: [user('anna@example.com')], techniques: [], title: 'Same person' }),
      madeIncident({ number: 3, observables: [user('bert')], techniques: [] }),
      madeIncident({ number: 4, observables: [user('cleo')], techniques: [] }),
      madeIncident({ number: 5, observables: [user('anna')], techniques: [], status: 'merged', mergedInto: 1 }),
    ])
    await saveAlerts(tx, [
      madeAlert({ id: 'al-1', incident: 1, ruleId: 'rule-a' }),
      madeAlert({ id: 'al-3', incident: 3, ruleId: 'rule-a' }),
      madeAlert({ id: 'al-4', incident: 4, ruleId: 'rule-b' }),
    ])
  })
  const found = await store.transaction((tx) => similarIncidents(tx, 1))
  expect(found?.map((one) => [one.number, one.shared])).toEqual([
    [2, { entities: ['user:anna'], techniques: [], rules: [] }],
    [3, { entities: [], techniques: [], rules: ['rule-a'] }],
  ])
  expect(await store.transaction((tx) => similarIncidents(tx, 77))).toBeNull()
})
