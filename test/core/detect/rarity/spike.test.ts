import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../src/core/model/index.ts'
import { day, hearing, hour, ruleOf } from './made.ts'

const user = { label: 'user', fields: ['user'] }

describe('rates', () => {
  const spike = (more: JsonObject = {}) =>
    ruleOf({
      spike: {
        ...{
          entity: user,
          counted: 'things',
          bucket: '1h',
          season: 'day',
          deviations: 6,
          atLeast: 10,
          unseen: 'unknown',
        },
        ...{ window: '14d', warmUp: { days: 4 }, ...more },
      },
    })

  test.each([
    ['as much as usual at that hour', 9, 50, 0],
    ['far more than usual at that hour', 9, 200, 1],
    ['the usual rate of the morning in the night', 3, 50, 1],
    ['less than the least that is told', 3, 9, 0],
  ])('%s', (_name, at, count, alerts) => {
    const { hear } = hearing(spike())
    for (let n = 0; n < 8; n++)
      for (let k = 0; k < 45 + (n % 3) * 5; k++) hear(n * day + 9 * hour + k * 1000, { user: 'u' })
    const hits = Array.from({ length: count }, (_, k) => hear(8 * day + at * hour + k * 1000, { user: 'u' })).flat()
    expect(hits).toHaveLength(alerts)
  })

  test('one wild day among the earlier ones changes little: the median stands', () => {
    const { hear } = hearing(spike())
    for (let n = 0; n < 8; n++)
      for (let k = 0; k < (n === 4 ? 3000 : 50); k++) hear(n * day + 9 * hour + k * 1000, { user: 'u' })
    const hits = Array.from({ length: 200 }, (_, k) => hear(8 * day + 9 * hour + k * 1000, { user: 'u' })).flat()
    expect(hits).toHaveLength(1)
    expect(hits[0]?.sentence).toContain('usual is 50, the most was 3,000 in 8 stretches')
  })
})
