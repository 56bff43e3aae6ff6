import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileBundle, expiredContent, renderPack } from '../../../src/core/content/index.ts'
import { createState } from '../../../src/core/correlate/index.ts'
import { createRarityState, createSigmaState } from '../../../src/core/detect/index.ts'
import { decide, detect, sentencesOf } from '../../../src/core/engine/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../../src/core/model/index.ts'

const tenant = tenantId('main')
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
const [first, second] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const burstId = '33333333-3333-4333-8333-333333333333'
const head =
  'description: Says why it matters, at some length.\nlogsource: { product: windows }\ntags: [attack.t1059]\n'
const packed = [
  {
    path: 'one.yml',
    text: `title: One\nid: ${first}\nlevel: high\n${head}detection: { s: { Image: a }, condition: s }\n`,
  },
]
const pack = renderPack({
  ...{ id: 'acme', source: '../acme', ref: null, commit: null, date: null, select: {}, ruleCount: 1, leftOut: [] },
  ...{ licence: { file: 'LICENSE', text: 'MIT' }, files: packed },
})
const files = [
  ...[...packed, { path: 'pack.yaml', text: pack }].map(({ path, text }) => ({
    path: `rules/detection/packs/acme/${path}`,
    text,
  })),
  {
    path: 'rules/detection/two.yaml',
    text: `title: Two\nid: ${second}\nlevel: low\n${head}detection: { s: { Image: [a, b] }, condition: s }\n`,
  },
  {
    path: 'rules/correlation/burst.yaml',
    text: `title: Burst\nid: ${burstId}\nlevel: high\ndescription: Many of Two.\ntags: [attack.t1059]\ncorrelation: { type: event_count, rules: [${second}], group-by: [User], timespan: 10m, condition: { gte: 2 }, generate: true }\n`,
  },
]

function bundleWith(...overlays: readonly string[]) {
  const more = overlays.map((text, index) => ({
    path: `rules/overlays/o${index}.yaml`,
    text: `id: o${index}\ntitle: Tuned ${index}\nowner: soc\nreason: It is our own deployment tool.\n${text}\n`,
  }))
  const { bundle, problems } = compileBundle([...files, ...more], 'worktree')
  if (bundle === null) throw new Error(JSON.stringify(problems))
  return { bundle, problems }
}

async function decided(
  bundle: ReturnType<typeof bundleWith>['bundle'],
  records: readonly JsonObject[],
  receivedAt: number,
) {
  const state = { correlation: createState(), sigma: createSigmaState(), rarity: createRarityState() }
  const list = []
  for (const [seq, record] of records.entries()) {
    const event: Event = {
      ...{ id: eventId(tenant, 'windows', String(seq)), tenant, source: 'windows', inbound: 'event', seq, index: 0 },
      ...{
        occurredAt: receivedAt,
        timeNote: 'as-sent',
        receivedAt,
        logsource: { product: 'windows' },
        observables: [],
        record,
      },
    }
    list.push(
      await decide(
        bundle,
        state,
        detect(bundle, state, event, null, () => []),
        () => [],
      ),
    )
  }
  return list
}

/** `title severity outcome` of every alert. */
const told = (list: Awaited<ReturnType<typeof decided>>) =>
  list.map((one) =>
    one.alerts.map(({ alert, correlated }) => `${alert.title} ${alert.severity} ${correlated.outcome}`).sort(),
  )

const expires = 'expires: 2026-06-01\n'
const before = day('2026-05-31') + 86_399_999
const at = day('2026-06-01')
const a = { Image: 'a', User: 'EXAMPLE\\svc-deploy' }

describe('an overlay', () => {
  test.each<[string, string, JsonObject[], string[][], string[]]>([
    [
      'that disables by id withholds that rule',
      `rules: { id: ${first} }\ndisable: true`,
      [a],
      [['One 4 suppressed', 'Two 2 alerted']],
      ['alerted'],
    ],
    [
      'that disables a pack leaves other rules alone',
      'rules: { pack: acme }\ndisable: true',
      [a],
      [['One 4 suppressed', 'Two 2 alerted']],
      ['alerted'],
    ],
    [
      'that disables by path',
      'rules: { path: rules/detection/*.yaml }\ndisable: true',
      [{ Image: 'b' }],
      [['Two 2 suppressed']],
      ['suppressed'],
    ],
    [
      'with * does not reach below a folder',
      'rules: { path: rules/*.yaml }\ndisable: true',
      [{ Image: 'b' }],
      [['Two 2 alerted']],
      ['alerted'],
    ],
    [
      'with ** does',
      'rules: { path: "rules/**" }\ndisable: true',
      [{ Image: 'b' }],
      [['Two 2 suppressed']],
      ['suppressed'],
    ],
    [
      'whose members disagree is for no rule',
      `rules: { id: ${second}, pack: acme }\ndisable: true`,
      [{ Image: 'b' }],
      [['Two 2 alerted']],
      ['alerted'],
    ],
    [
      'that grades changes the severity of the alert',
      `rules: { id: ${first} }\nseverity: low`,
      [a],
      [['One 2 alerted', 'Two 2 alerted']],
      ['alerted'],
    ],
    [
      'that excludes withholds events that it describes',
      `rules: { id: ${second} }\nexclude: { User|endswith: svc-deploy }`,
      [{ ...a, Image: 'b' }],
      [['Two 2 suppressed']],
      ['suppressed'],
    ],
    [
      'that excludes leaves other events alone',
      `rules: { id: ${second} }\nexclude: { User|endswith: svc-deploy }`,
      [{ Image: 'b', User: 'x' }],
      [['Two 2 alerted']],
      ['alerted'],
    ],
    [
      'that excludes keeps the match from correlations',
      `rules: { id: ${second} }\nexclude: { User: x }`,
      [
        { Image: 'b', User: 'x' },
        { Image: 'b', User: 'x' },
      ],
      [['Two 2 suppressed'], ['Two 2 suppressed']],
      ['suppressed', 'suppressed'],
    ],
    [
      'tunes correlations too',
      `rules: { id: ${burstId} }\nseverity: medium`,
      [
        { Image: 'b', User: 'x' },
        { Image: 'b', User: 'x' },
      ],
      [['Two 2 alerted'], ['Burst 3 alerted', 'Two 2 alerted']],
      ['alerted', 'alerted'],
    ],
    [
      'disables correlations too',
      `rules: { id: ${burstId} }\ndisable: true`,
      [
        { Image: 'b', User: 'x' },
        { Image: 'b', User: 'x' },
      ],
      [['Two 2 alerted'], ['Burst 4 suppressed', 'Two 2 alerted']],
      ['alerted', 'alerted'],
    ],
  ])('%s', async (_name, text, records, expected, outcomes) => {
    const { bundle } = bundleWith(expires + text)
    const list = await decided(bundle, records, before)
    expect(told(list)).toEqual(expected)
    expect(list.map((one) => one.outcome)).toEqual(outcomes)
  })

  test('says what it withheld: which overlay, where, whose, why, until when, and what it saw', async () => {
    const { bundle } = bundleWith(`${expires}rules: { id: ${second} }\nexclude: { User|endswith: svc-deploy }`)
    const [one] = await decided(bundle, [{ ...a, Image: 'b' }], before)
    const [decision] = one?.alerts ?? []
    expect(decision === undefined ? [] : sentencesOf(decision)).toEqual([
      {
        answer: 'excluded',
        rule: {
          kind: 'overlay',
          id: 'o0',
          title: 'Tuned 0',
          place: { file: 'rules/overlays/o0.yaml', line: 2, column: 8 },
        },
        facts: [{ name: 'User|endswith', value: 'EXAMPLE\\svc-deploy' }],
        sentence:
          '"Two" does not count here until 2026-06-01 by "Tuned 0" of soc: It is our own deployment tool. (o0, rules/overlays/o0.yaml:2:8)',
      },
    ])
  })

  test('says so when it changed a severity, in the story of the alert', async () => {
    const { bundle } = bundleWith(`${expires}rules: { id: ${first} }\nseverity: critical`)
    const [one] = await decided(bundle, [a], before)
    const graded = one?.alerts.find(({ alert }) => alert.title === 'One')
    expect(graded === undefined ? '' : sentencesOf(graded)[0]?.sentence).toContain(
      '"One" counts as critical instead of high until 2026-06-01',
    )
  })

  test('that is over changes nothing, whatever it says and whatever comes', async () => {
    const selector = fc.constantFrom(
      `{ id: ${first} }`,
      `{ id: [${first}, ${second}, ${burstId}] }`,
      '{ pack: acme }',
      '{ path: "**" }',
    )
    const effect = fc.constantFrom(
      'disable: true',
      'severity: critical',
      'exclude: { Image|exists: true }',
      'severity: low\nexclude: { User: x }',
    )
    const records = fc.array(fc.record({ Image: fc.constantFrom('a', 'b', 'c'), User: fc.constantFrom('x', 'y') }), {
      maxLength: 6,
    })
    const plain = bundleWith().bundle
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(selector, effect), { minLength: 1, maxLength: 3 }),
        records,
        fc.nat(10_000_000_000),
        async (overlays, list, later) => {
          const { bundle } = bundleWith(...overlays.map(([rules, change]) => `${expires}rules: ${rules}\n${change}`))
          expect(await decided(bundle, list, at + later)).toEqual(await decided(plain, list, at + later))
        },
      ),
      { numRuns: 60 },
    )
  })
})

test.each([
  [
    'names a rule that is not there',
    'rules: { id: 00000000-0000-4000-8000-000000000000 }\ndisable: true',
    'there is no rule',
  ],
  ['is for no rule', 'rules: { pack: other }\ndisable: true', 'for no rule'],
])('an overlay that %s is a warning', (_name, text, message) => {
  const { problems } = bundleWith(expires + text)
  expect(problems).toMatchObject([
    {
      code: 'overlay/no-rule',
      severity: 'warning',
      message: expect.stringContaining(message),
      place: { file: 'rules/overlays/o0.yaml' },
    },
  ])
})

test.each([
  ['that changes nothing', `rules: { id: ${first} }`, 'overlay/nothing'],
  ['without rules', 'disable: true', 'content/missing-key'],
  ['for all rules at once by an empty choice', 'rules: {}\ndisable: true', 'content/value'],
  ['with an unknown modifier', `rules: { id: ${first} }\nexclude: { User|endwith: x }`, 'sigma/unknown-modifier'],
])('an overlay %s does not load', (_name, text, code) => {
  const path = 'rules/overlays/o.yaml'
  const overlay = { path, text: `id: o\ntitle: T\nowner: soc\nreason: R\n${expires}${text}\n` }
  const { bundle, problems } = compileBundle([...files, overlay], 'worktree')
  expect(bundle).toBeNull()
  expect(problems).toMatchObject([{ code, place: { file: path } }])
})

test('an overlay without a day does not load', () => {
  const text = `id: o\ntitle: T\nowner: soc\nreason: R\nrules: { id: ${first} }\ndisable: true\n`
  const { bundle } = compileBundle([...files, { path: 'rules/overlays/o.yaml', text }], 'worktree')
  expect(bundle).toBeNull()
})

test('what is over is a warning of validate from the first millisecond of that day', () => {
  const { bundle } = bundleWith(`${expires}rules: { id: ${first} }\ndisable: true`)
  expect(expiredContent(bundle, at - 1)).toEqual([])
  expect(expiredContent(bundle, at)).toMatchObject([
    { code: 'content/expired', severity: 'warning', place: { file: 'rules/overlays/o0.yaml', line: 5, column: 10 } },
  ])
})
