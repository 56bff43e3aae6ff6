import { expect, test } from 'vitest'
import { reviewContent } from '../../../src/core/content/index.ts'
import { ownBundle } from '../../support/content.ts'

const bundle = await ownBundle()

test('of every correlation of ours a fixture notices each way in which it can be broken', async () => {
  const changes = bundle.sequences.map(({ id, title, ref }) => {
    if (ref.place === undefined) throw new Error(`${id} has no place`)
    return { change: 'changed', kind: 'correlation', id, title, place: ref.place } as const
  })
  const { mutation, tests } = await reviewContent(bundle, changes)
  expect(tests.problems).toEqual([])
  expect(mutation.map((one) => one.id)).toEqual(changes.map((one) => one.id))
  for (const { title, mutants, survived } of mutation) {
    expect([title, survived.map((one) => one.mutation)]).toEqual([title, []])
    expect(mutants).toBeGreaterThan(4)
  }
}, 60_000)
