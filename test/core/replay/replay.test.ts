import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Bundle,
  compileBundle,
  defaultBudget,
  formatProblems,
  type SourceFile,
} from '../../../src/core/content/index.ts'
import { tenantId } from '../../../src/core/model/index.ts'
import { compareReplays, createReplay, type Receipt, type Replayed } from '../../../src/core/replay/index.ts'
import { planFiles, record, ruleFile } from '../../preview/plan-content.ts'

function bundleOf(...more: readonly SourceFile[]): Bundle {
  const files = [...Object.entries(planFiles()).map(([path, text]) => ({ path, text })), ...more]
  const { bundle, problems } = compileBundle(files, 'test')
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}

const plain = bundleOf()
const more = bundleOf({ path: 'rules/detection/export.yaml', text: ruleFile('export', 'export', 'critical') })

async function replayed(
  bundle: Bundle,
  lines: readonly string[],
  receivedAt = Date.UTC(2026, 6, 1),
  receipt: Receipt = 'as-sent',
  chunk = 50,
): Promise<Replayed> {
  const replay = createReplay({ bundle, tenant: tenantId('main'), enrich: () => [] })
  let seq = 0
  for (let at = 0; at < lines.length; at += chunk)
    await replay.take(
      {
        seq: ++seq,
        source: null,
        transport: 'file',
        contentType: 'application/x-ndjson',
        receivedAt,
        body: Buffer.from(lines.slice(at, at + chunk).join('\n')),
      },
      receipt,
    )
  return replay.finish([])
}

const lines = fc.array(
  fc
    .tuple(
      fc.nat(5000),
      fc.constantFrom('login', 'export', 'other'),
      fc.constantFrom('user1', 'user2', 'user3'),
      fc.constantFrom('a', 'b'),
    )
    .map(([minute, action, user, host]) => record(minute, action, user, { host })),
  { maxLength: 40 },
)

test('a history compared with itself under the same content is the same, on whatever day it is replayed', async () => {
  await fc.assert(
    fc.asyncProperty(lines, async (history) => {
      const [one, other] = [await replayed(more, history), await replayed(more, history, Date.UTC(2027, 0, 1))]
      expect(other).toEqual(one)
      expect(compareReplays(one, other, [], defaultBudget)).toMatchObject({
        isSame: true,
        exceeded: [],
        rules: [],
        examples: [],
      })
    }),
    { numRuns: 30 },
  )
})

test('what one direction adds the other loses, and every alert of an added rule is told', async () => {
  await fc.assert(
    fc.asyncProperty(lines, async (history) => {
      const [before, after] = [await replayed(plain, history), await replayed(more, history)]
      const forth = compareReplays(before, after, [], defaultBudget)
      const back = compareReplays(after, before, [], defaultBudget)
      const exports = new Set(history.filter((line) => line.includes('"export"'))).size
      expect(forth.rules.map(({ added, lost }) => [added, lost])).toEqual(exports > 0 ? [[exports, 0]] : [])
      expect(back.rules.map(({ added, lost }) => [lost, added])).toEqual(
        forth.rules.map(({ added, lost }) => [added, lost]),
      )
      expect(back.incidents.lost.map(({ title }) => title)).toEqual(forth.incidents.added.map(({ title }) => title))
      expect(back.incidents.regrouped.map(({ change }) => change === 'split')).toEqual(
        forth.incidents.regrouped.map(({ change }) => change === 'merged'),
      )
      expect(back.entities).toEqual({ added: forth.entities.lost, lost: forth.entities.added })
    }),
    { numRuns: 30 },
  )
})

test('how a history is cut into deliveries changes no alert and no incident', async () => {
  const decisions = ({ alerts, incidents, runs, counts }: Replayed) => ({
    alerts: alerts.map(({ event: _, ...one }) => one),
    incidents,
    runs,
    counts,
  })
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), async (history, chunk) => {
      expect(decisions(await replayed(more, history, undefined, 'as-sent', chunk))).toEqual(
        decisions(await replayed(more, history)),
      )
    }),
    { numRuns: 20 },
  )
})

test.each([
  ['one that says nothing', JSON.stringify({ action: 'login', user: 'user2' })],
  ['one from the far future', record(500_000_000, 'login', 'user2')],
])(
  'an event without a time that can be, %s, has the time of the one before it and moves nothing out of reach',
  async (_name, odd) => {
    const { alerts, span, incidents } = await replayed(plain, [
      record(0, 'login', 'user1'),
      odd,
      record(9, 'login', 'user1'),
    ])
    expect(alerts.map(({ at }) => at)).toEqual([0, 0, 9].map((minute) => Date.UTC(2026, 4, 12, 8, minute)))
    expect(span).toEqual([Date.UTC(2026, 4, 12, 8, 0), Date.UTC(2026, 4, 12, 8, 9)])
    expect(incidents.map((one) => one.alerts.length)).toEqual([2, 1])
  },
)

test('a recorded delivery keeps the time at which it was received', async () => {
  const receivedAt = Date.UTC(2026, 4, 12, 9)
  const { incidents } = await replayed(plain, [record(0, 'login', 'user1')], receivedAt, 'recorded')
  expect(incidents).toMatchObject([{ firstAt: Date.UTC(2026, 4, 12, 8), openedAt: receivedAt }])
})

test('a record that comes twice is a duplicate and no second alert', async () => {
  const line = record(0, 'login', 'user1')
  const { counts, alerts } = await replayed(plain, [line, line])
  expect(counts).toMatchObject({ alerted: 1, duplicate: 1 })
  expect(alerts).toHaveLength(1)
})
