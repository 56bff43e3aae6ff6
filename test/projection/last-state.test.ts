import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Due, failed, foldMarks, keepOutside, settle, takeDue } from '../../src/projection/index.ts'
import { channelWorld } from './channel-world.ts'

const leaseMs = 60_000
const callMs = 10_000

/** What may happen, in any order, to two incidents and several writers. */
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('change' as const), incident: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fold' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), which: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('later' as const), ms: fc.constantFrom(1_000, 15_000, 61_000) }),
  },
)

test('in any order of changes, takes, failures and crashes the last state is written in the end, never an older after a newer', async () => {
  const world = await channelWorld({ leaseMs })
  const { store, time } = world
  let version = 0
  const written = new Map<string, number>()
  const put = (subject: string, text: string) => {
    const next = Number(text)
    expect(next, 'an older state after a newer').toBeGreaterThanOrEqual(written.get(subject) ?? 0)
    written.set(subject, next)
    world.outside.set(subject, text)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 10, maxLength: 50 }), async (story) => {
      let hands: { due: Due; text: string | null; sent: boolean }[] = []
      const drop = (hand: object) => {
        hands = hands.filter((one) => one !== hand)
      }
      for (const one of story) {
        const hand = 'which' in one ? hands[one.which % Math.max(1, hands.length)] : undefined
        if (one.kind === 'change') await world.change(one.incident, String(++version))
        else if (one.kind === 'later') time.at += one.ms
        else if (one.kind === 'fold') await store.transaction((tx) => foldMarks(tx, time.at))
        else if (one.kind === 'take') {
          await store.transaction((tx) => foldMarks(tx, time.at))
          const [due] = await store.transaction((tx) => takeDue(tx, 'github', { n: 1, at: time.at, leaseMs }))
          if (due !== undefined) hands.push({ due, text: null, sent: false })
        } else if (hand === undefined) continue
        else if (one.kind === 'read') hand.text ??= await world.textOf(hand.due)
        else if (one.kind === 'write' && hand.text !== null && !hand.sent) {
          // A writer sends only while its claim holds for the whole of the call.
          hand.sent = time.at + callMs <= hand.due.claimedUntil
          if (hand.sent) put(hand.due.subject, hand.text)
        } else if (one.kind === 'settle' && hand.sent) {
          const done = { digest: hand.text ?? '', outside: { at: time.at }, at: time.at }
          await store.transaction((tx) => settle(tx, hand.due, done))
          drop(hand)
        } else if (one.kind === 'fail') {
          await store.transaction((tx) => failed(tx, hand.due, { kind: 'away', why: 'x' }, time.at))
          drop(hand)
        } else if (one.kind === 'crash') drop(hand)
      }
      time.at += 86_400_000
      expect(await world.drainOf().drain()).toMatchObject({ nextAt: null })
      for (const [subject, text] of world.outside) {
        const incident = Number(subject.split('/')[1])
        expect(text).toBe(await world.textOf({ incident, body: null } as Due))
      }
      const left = await store.transaction((tx) =>
        tx.query('select from projection where tenant = $1 and (wanted > written or claimed_by is not null)', [
          tx.tenant,
        ]),
      )
      expect(left.rowCount).toBe(0)
    }),
    { numRuns: 150 },
  )
  expect(version).toBeGreaterThan(100)
}, 240_000)

test('a claim that ended neither settles nor keeps anything', async () => {
  const world = await channelWorld({ leaseMs })
  await world.change(1, '1')
  const take = async () => {
    await world.store.transaction((tx) => foldMarks(tx, world.time.at))
    const [due] = await world.store.transaction((tx) => takeDue(tx, 'github', { n: 1, at: world.time.at, leaseMs }))
    return due
  }
  const first = await take()
  world.time.at += leaseMs
  const second = await take()
  if (first === undefined || second === undefined) throw new Error('nothing was taken')
  await world.store.transaction(async (tx) => {
    expect(await keepOutside(tx, first, { issue: 1 })).toBe(false)
    expect(await settle(tx, first, { digest: 'old', outside: null, at: world.time.at })).toBe(false)
    expect(await failed(tx, first, { kind: 'refused', why: 'x', final: true }, world.time.at)).toBe('lost')
    expect(await settle(tx, second, { digest: 'new', outside: null, at: world.time.at })).toBe(true)
  })
})
