import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Budget, fullPurse, spendOne } from '../../src/projection/budget.ts'

const minute = 60_000

test('no window of time ever sees more writes than the limits allow, and who waits as told gets one', () => {
  const limits = fc.array(
    fc.record({
      writes: fc.integer({ min: 1, max: 60 }),
      perMs: fc.constantFrom(minute, 60 * minute),
      burst: fc.integer({ min: 1, max: 10 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 }), (budget: Budget, pauses) => {
      let at = 1_000_000
      let purse = fullPurse(budget, at)
      const spentAt: number[] = []
      for (const pause of pauses) {
        at += pause
        const tried = spendOne(budget, purse, at)
        purse = tried.purse
        if (tried.waitMs > 0) {
          at += tried.waitMs
          const again = spendOne(budget, purse, at)
          expect(again.waitMs).toBeLessThanOrEqual(1)
          purse = again.purse
          if (again.waitMs > 0) continue
        }
        spentAt.push(at)
      }
      for (const { writes, perMs, burst } of budget)
        for (const [first, from] of spentAt.entries())
          for (let last = first; last < spentAt.length; last++) {
            const windowMs = (spentAt[last] ?? 0) - from
            expect(last - first + 1).toBeLessThanOrEqual(burst + (windowMs * writes) / perMs + 0.001)
          }
    }),
  )
})

test('a clock that goes back gives nothing', () => {
  const budget = [{ writes: 20, perMs: minute, burst: 1 }]
  const { purse } = spendOne(budget, fullPurse(budget, 10_000), 10_000)
  expect(spendOne(budget, purse, 1_000).waitMs).toBe(3_000)
})
