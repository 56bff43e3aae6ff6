import { expect, test } from 'vitest'
import { isAnswer } from '../../src/preview/answer-schema.ts'
import { startLockedChild } from '../../src/preview/locked-child.ts'
import { defaultLimits } from '../../src/preview/locked-process.ts'
import { replayInChild } from '../../src/preview/replay-in-child.ts'
import { planFiles, record } from './plan-content.ts'

/** Every place of a value, as paths; of lists the first item. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? Object.entries(value).slice(0, 1) : Object.entries(value)
  return [path, ...entries.flatMap(([key, one]) => pathsOf(one, [...path, key]))]
}

function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
  const inner: unknown = Reflect.get(copy, key)
  if (rest.length > 0) Reflect.set(copy, key, without(inner, rest))
  else Reflect.set(copy, key, typeof inner === 'string' ? { toString: 'x' } : 'x')
  return copy
}

test('what a child answers has its form, and no member of it can be another thing', async () => {
  const files = Object.entries(planFiles()).map(([path, text]) => ({ path, text }))
  const start = { commit: 'head', tenant: 'main', files, before: [], fixtures: [], enrichDir: null, review: true }
  async function* deliveries() {
    for (let n = 0; n < 3; n++)
      yield {
        ...{ source: null, transport: 'file' as const, contentType: 'application/json', receipt: 'as-sent' as const },
        ...{ receivedAt: Date.UTC(2026, 5, 1), body: Buffer.from(record(n, 'login', 'user1')) },
      }
  }
  const answer = await replayInChild(startLockedChild({ ...start, policy: files }, defaultLimits), deliveries())
  expect(answer).toMatchObject({ result: { ok: true, replayed: { incidents: [{ number: 1 }] } }, budget: { ok: true } })
  expect(isAnswer(answer)).toBe(true)
  const believed = pathsOf(answer)
    .filter((path) => path.length > 0 && isAnswer(without(answer, path)))
    .map((path) => path.map((one) => (/^\d+$/.test(one) ? '*' : one)).join('.'))
  // Values of events may be anything.
  expect(new Set(believed)).toEqual(new Set(['result.replayed.alerts.*.facts.*.value']))
  for (const wrong of [null, [], 'x', {}, { ...answer, review: 'x' }, { ...answer, budget: {} }])
    expect(isAnswer(wrong)).toBe(false)
}, 60_000)
