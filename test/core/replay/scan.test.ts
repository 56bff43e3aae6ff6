import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bundle, compileBundle, formatProblems } from '../../../src/core/content/index.ts'
import { tenantId } from '../../../src/core/model/index.ts'
import type { RawDelivery } from '../../../src/core/normalize/index.ts'
import { createReplay, createScan, type Receipt, type Replayed } from '../../../src/core/replay/index.ts'
import { decodeScanned, encodeScanned } from '../../../src/preview/scanned-frame.ts'
import { idOf, planFiles, record, ruleFile } from '../../preview/plan-content.ts'

type Files = Readonly<Record<string, string>>
const tenant = tenantId('main')

function bundleOf(files: Files): Bundle {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }))
  const { bundle, problems } = compileBundle(list, 'test')
  if (bundle === null) throw new Error(formatProblems(problems, list, 'text'))
  return bundle
}

const head = (title: string) => `title: ${title}
id: ${idOf(title)}
status: stable
description: For a test.
author: gitsoc
date: 2026-05-01
tags: [attack.credential-access, attack.t1110]
falsepositives: [None known]
level: high
`
const correlation = (title: string, rule: string, condition: string, timespan = '30m') =>
  `${head(title)}correlation: { type: event_count, rules: [${rule}], group-by: [user], timespan: ${timespan}, condition: ${condition} }\n`
const rarity = (title: string) => `${head(title)}owner: soc
references: [https://example.com]
logsource: { product: generic, service: any }
detection: { selection: { action: [export, read] }, condition: selection }
first_seen: { entity: { label: user, fields: [user] }, value: { label: host, fields: [host] }, window: 30d, warmUp: { events: 2, days: 0 } }
`

/** Windows that end at matches, at their end and as part of others; rules that learn; tuning. */
const base: Files = {
  ...planFiles(),
  'rules/detection/export.yaml': ruleFile('export', 'export', 'low'),
  'rules/correlation/many.yaml': correlation('many', idOf('login'), '{ gte: 2 }'),
  'rules/correlation/few.yaml': correlation('few', idOf('export'), '{ lt: 2 }'),
  'rules/correlation/chain.yaml': correlation('chain', idOf('few'), '{ gte: 2 }', '1d'),
  'rules/rarity/hosts.yaml': rarity('hosts'),
}
const filter = `title: Not user3\nid: ${idOf('filter')}\ndescription: For a test.\nlogsource: { product: generic }\nfilter:\n  rules: [${idOf('login')}]\n  selection: { user: user3 }\n  condition: selection\n`
const heads: Readonly<Record<string, Files>> = {
  'nothing changed': base,
  'a rule is added': { ...base, 'rules/detection/other.yaml': ruleFile('other', 'other', 'critical') },
  'a rule is changed': { ...base, 'rules/detection/login.yaml': ruleFile('login', 'read') },
  'a rule is gone': Object.fromEntries(Object.entries(base).filter(([path]) => path !== 'rules/rarity/hosts.yaml')),
  'a filter reaches into another file': { ...base, 'rules/filter/own.yaml': filter },
  'a filter stands among rules': { ...base, 'rules/detection/read.yaml': `${ruleFile('read', 'read')}---\n${filter}` },
  'a pipeline is changed': {
    ...base,
    'rules/pipelines/own.yaml':
      'id: own\ntitle: Own\nintegration: generic\nreferences: [https://example.com]\nsources:\n  - { sigma: { product: generic, service: any }, events: [{ given: { product: generic, service: any } }], fields: { action: [host] } }\n',
  },
  'records are read otherwise': {
    ...base,
    'integrations/generic/integration.yaml': (base['integrations/generic/integration.yaml'] ?? '').replaceAll(
      'from: [user, username, ',
      'from: [host, username, ',
    ),
  },
}

const odd = fc.constantFrom(
  'no record',
  '{"action":"login","user":"user1","size":1e400,"less":-0}',
  '{"action":"export"}',
  '{"host":"login","user":"user2","n":1}',
  '{"host":"login","user":"user2","n":2}',
  '{"__proto__":{"action":"login"},"user":"user2"}',
  '{"severity":"high","title":"A vendor says so","user":"user1"}',
)
const line = fc
  .tuple(
    fc.oneof(fc.nat(50), fc.nat(900)),
    fc.constantFrom('login', 'export', 'read', 'other', 'quiet'),
    fc.constantFrom('user1', 'user2', 'user3'),
    fc.constantFrom('a', 'b', 'c'),
  )
  .map(([minute, action, user, host]) => record(minute, action, user, { host }))
const histories = fc.tuple(
  fc.array(fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: odd }), { maxLength: 60, size: 'max' }),
  fc.integer({ min: 1, max: 20 }),
  fc.constantFrom<Receipt>('recorded', 'as-sent'),
)

const deliveriesOf = (lines: readonly string[], size: number): readonly RawDelivery[] =>
  Array.from({ length: Math.ceil(lines.length / size) }, (_, nth) => ({
    ...{ seq: nth + 1, source: null, transport: 'file', contentType: 'application/x-ndjson' },
    receivedAt: Date.UTC(2026, 4, 12, 12),
    body: Buffer.from(lines.slice(nth * size, (nth + 1) * size).join('\n')),
  }))

async function replayed(
  bundle: Bundle,
  take: (replay: ReturnType<typeof createReplay>) => Promise<void>,
): Promise<Replayed> {
  const replay = createReplay({ bundle, tenant, enrich: () => [] })
  await take(replay)
  return replay.finish([])
}

test.each(Object.entries(heads))(
  '%s: what is looked at once for both decides the same in every byte',
  async (_name, files) => {
    const both = [bundleOf(base), bundleOf(files)]
    await fc.assert(
      fc.asyncProperty(histories, fc.boolean(), async ([lines, size, receipt], turned) => {
        const bundles = turned ? both.toReversed() : both
        const deliveries = deliveriesOf(lines, size)
        const scan = createScan(bundles, tenant)
        const scans = deliveries.map((one) =>
          scan.scan(one).map(({ sides, items }) => ({ sides, items: decodeScanned(encodeScanned(items)) })),
        )
        for (const [side, bundle] of bundles.entries()) {
          const plain = await replayed(bundle, async (replay) => {
            for (const one of deliveries) await replay.take(one, receipt)
          })
          const shared = await replayed(bundle, async (replay) => {
            for (const results of scans)
              for (const { sides, items } of results) if (sides.includes(side)) await replay.takeScanned(items, receipt)
          })
          expect(JSON.stringify(shared)).toBe(JSON.stringify(plain))
        }
      }),
      { numRuns: 40 },
    )
  },
)

test('the histories of these tests set off what they are there for', async () => {
  const lines = Array.from({ length: 600 }, (_, n) =>
    record(n * 7, n % 2 === 0 ? 'login' : 'export', `user${n % 3}`, { host: `h${n % 5}` }),
  )
  const all = await replayed(bundleOf(base), async (replay) => {
    for (const one of deliveriesOf(lines, 10)) await replay.take(one, 'as-sent')
  })
  expect(all.rules.map(({ title }) => title).sort()).toEqual(['chain', 'hosts', 'many'])
})

test('what two bundles share is looked at once, and records that nothing asks for are not carried on', () => {
  const [delivery] = deliveriesOf(
    ['quiet', 'read', 'login'].map((action, n) => record(n, action, 'user1')),
    3,
  )
  if (delivery === undefined) throw new Error('there is no delivery')
  const added = bundleOf(heads['a rule is added'] ?? {})
  expect(createScan([bundleOf(base), added], tenant).scan(delivery)).toMatchObject([
    { sides: [0, 1], items: [{ kind: 'quiet' }, { kind: 'learning' }, { kind: 'event' }] },
  ])
  const other = bundleOf(heads['records are read otherwise'] ?? {})
  expect(
    createScan([bundleOf(base), null, other], tenant)
      .scan(delivery)
      .map(({ sides }) => sides),
  ).toEqual([[0], [2]])
})
