import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Correlated,
  correlate,
  createState,
  isOpen,
  metaOf,
  putIncident,
  restoreState,
  takeChanges,
  takeOver,
  workedOf,
} from '../../../src/core/correlate/index.ts'
import {
  type Alert,
  type AlertGroup,
  alertId,
  canonicalJson,
  type EventId,
  type Incident,
  type Json,
  type Observable,
  type SeverityId,
  tenantId,
} from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'

const { correlation: rules } = await ownBundle()
const tenant = tenantId('main')
const start = Date.UTC(2026, 4, 12)

interface Made {
  readonly n: number
  readonly minute: number
  readonly user: number
  readonly host: number
  readonly severity: SeverityId
  readonly tactic: string
  readonly title?: string
}

function alert(
  { n, minute, user, host, severity, tactic, title = `kind ${n % 5}` }: Made,
  more: Partial<Alert> = {},
): Alert {
  const at = start + minute * 60_000
  const observables: Observable[] = [
    { type: 'user', value: `user${user}@example.com`, role: 'target' },
    { type: 'host', value: `ws-${host}`, role: 'target' },
  ]
  return {
    id: alertId(tenant, 'test', String(n)),
    tenant,
    kind: 'vendor',
    source: `source${n % 3}`,
    rule: { kind: 'built-in', id: 'test', title: 'test' },
    title,
    description: '',
    severity,
    confidence: null,
    occurredAt: at,
    detectedAt: at,
    ingestedAt: at,
    techniques: [],
    tactics: [tactic],
    observables,
    key: `${title}|${user}|${host}`,
    updateOf: null,
    eventIds: [`ev-${n}` as EventId],
    url: null,
    details: {},
    ...more,
  }
}

const made = fc.record({
  minute: fc.integer({ min: 0, max: 6000 }),
  user: fc.integer({ min: 0, max: 6 }),
  host: fc.integer({ min: 0, max: 6 }),
  severity: fc.constantFrom<SeverityId>(1, 2, 3, 4, 5),
  tactic: fc.constantFrom('initial-access', 'persistence', 'exfiltration'),
})
const sequence = fc
  .array(made, { minLength: 1, maxLength: 40 })
  .map((list) => list.map((one, n) => alert({ ...one, n })))

/** Applies alerts; between any two the state may be stored and read back, as after a restart. */
async function play(alerts: readonly Alert[], restartAfter: ReadonlySet<number>) {
  let state = createState()
  const stored = { alerts: new Map<string, AlertGroup>(), incidents: new Map<number, Incident>() }
  const outcomes: Correlated[] = []
  const store = () => {
    const changes = takeChanges(state)
    for (const one of changes.alerts) stored.alerts.set(one.id, one)
    for (const one of changes.incidents) stored.incidents.set(one.number, one)
  }
  for (const [index, one] of alerts.entries()) {
    const done = await correlate(state, one, rules)
    outcomes.push(done)
    if (done.outcome === 'alerted') {
      for (const { from, into } of done.merged) {
        store()
        for (const [id, group] of stored.alerts)
          if (group.incident === from) stored.alerts.set(id, { ...group, incident: into })
      }
    }
    if (!restartAfter.has(index)) continue
    store()
    state = restoreState(
      JSON.parse(JSON.stringify(metaOf(state))) as Json,
      JSON.parse(JSON.stringify([...stored.alerts.values()])) as AlertGroup[],
      JSON.parse(JSON.stringify([...stored.incidents.values()])) as Incident[],
    )
  }
  store()
  return {
    outcomes,
    alerts: [...stored.alerts.values()],
    incidents: [...stored.incidents.values()].sort((a, b) => a.number - b.number),
  }
}

const text = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value)) as Json)

test('the same alerts give byte-identical incidents, however often the engine was restarted in between', async () => {
  await fc.assert(
    fc.asyncProperty(sequence, fc.uniqueArray(fc.nat(39)), async (alerts, restarts) => {
      const [whole, broken] = [await play(alerts, new Set()), await play(alerts, new Set(restarts))]
      expect(text(broken.incidents)).toBe(text(whole.incidents))
      expect(text(broken.alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1)))).toBe(
        text(whole.alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1))),
      )
    }),
    { numRuns: 60 },
  )
})

test('no alert is lost: the stored alerts stand for every alert that was counted, and incidents for theirs', async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (alerts) => {
      const { outcomes, alerts: groups, incidents } = await play(alerts, new Set())
      const counted = outcomes.filter((one) => one.outcome === 'alerted').length
      expect(groups.reduce((sum, one) => sum + one.count, 0)).toBe(counted)
      for (const incident of incidents.filter(isOpen)) {
        const own = groups.filter((one) => one.incident === incident.number)
        expect(own.length).toBe(incident.alertCount)
        expect(own.reduce((sum, one) => sum + one.count, 0)).toBe(incident.signalCount)
      }
      for (const incident of incidents.filter((one) => one.status === 'merged'))
        expect(groups.some((one) => one.incident === incident.number)).toBe(false)
    }),
    { numRuns: 60 },
  )
})

const one = (n: number, more: Partial<Made> = {}, parts: Partial<Alert> = {}) =>
  alert({ n, minute: n, user: 1, host: 1, severity: 4, tactic: 'initial-access', ...more }, parts)

test('the same alert again is a duplicate, a like one is counted, one of another day is new', async () => {
  const state = createState()
  const first = one(1)
  expect((await correlate(state, first, rules)).outcome).toBe('alerted')
  expect((await correlate(state, first, rules)).outcome).toBe('duplicate')
  expect(await correlate(state, { ...one(6), key: first.key }, rules)).toMatchObject({
    outcome: 'alerted',
    change: 'aggregated',
    alert: { count: 2 },
  })
  expect(await correlate(state, { ...one(6 * 1440), key: first.key }, rules)).toMatchObject({
    outcome: 'alerted',
    isNew: true,
    alert: { count: 1 },
  })
})

test('two incidents that turn out to be one are merged into the older, with the reason', async () => {
  const state = createState()
  await correlate(state, one(1, { user: 1, host: 1 }), rules)
  await correlate(state, one(2, { user: 2, host: 2 }), rules)
  const joined = await correlate(state, one(3, { user: 1, host: 2 }), rules)
  expect(joined).toMatchObject({
    outcome: 'alerted',
    merged: [{ from: 2, into: 1 }],
    incident: { number: 1, alertCount: 3 },
  })
  expect(
    joined.outcome === 'alerted' ? joined.decisions.map((decision) => decision.sentence).join('\n') : '',
  ).toContain('incident 2 was merged into 1')
  expect(state.incidents.get(2)).toMatchObject({ status: 'merged', mergedInto: 1 })
})

test('a suppressed alert says which rule, whose, why; after the rule has expired it is an alert', async () => {
  const scanner = {
    source: 'suricata',
    observables: [{ type: 'ip', value: '10.20.9.9', role: 'attacker' }] as Observable[],
  }
  const suppressed = await correlate(createState(), one(1, {}, scanner), rules)
  expect(suppressed.outcome === 'suppressed' ? suppressed.decision.sentence : '').toMatch(
    /vulnerability-management.*rules\/suppression\/vulnerability-scanner\.yaml:3:8/,
  )
  const later = await correlate(createState(), one(1, {}, { ...scanner, ingestedAt: Date.UTC(2027, 6, 1) }), rules)
  expect(later.outcome).toBe('alerted')
})

test('a low alert alone opens nothing, and is kept; it joins an incident that shares its entity', async () => {
  const state = createState()
  expect(await correlate(state, one(1, { severity: 2 }), rules)).toMatchObject({
    outcome: 'alerted',
    change: 'kept',
    incident: null,
    alert: { incident: 0 },
  })
  await correlate(state, one(2, { title: 'other' }), rules)
  expect(await correlate(state, one(3, { severity: 2, title: 'third' }), rules)).toMatchObject({
    change: 'extended',
    incident: { number: 1 },
  })
})

test('a value that many incidents share joins none of them', async () => {
  const state = createState()
  const shared: Observable = { type: 'ip', value: '198.51.100.9', role: 'attacker' }
  for (let n = 1; n <= 4; n++)
    await correlate(
      state,
      one(
        n,
        { user: 10 + n, host: 10 + n },
        { observables: [{ type: 'user', value: `user${10 + n}`, role: 'target' }] },
      ),
      rules,
    )
  for (let n = 1; n <= 4; n++) {
    const incident = state.incidents.get(n)
    if (incident !== undefined) putIncident(state, { ...incident, observables: [...incident.observables, shared] })
  }
  expect(await correlate(state, one(9, {}, { observables: [shared] }), rules)).toMatchObject({
    change: 'opened',
    incident: { number: 5 },
  })
})

test('an older alert of the same key that is not stored yet follows its incident into the merge', async () => {
  const state = createState()
  const early = one(1, { user: 2, host: 2 }, { key: 'same' })
  await correlate(state, one(0, { user: 1, host: 1 }), rules)
  await correlate(state, early, rules)
  await correlate(state, { ...one(2000, { user: 2, host: 3 }), key: 'same' }, rules)
  await correlate(state, one(3, { user: 1, host: 2 }), rules)
  const { alerts, incidents } = takeChanges(state)
  const merged = incidents.filter((incident) => incident.status === 'merged').map((incident) => incident.number)
  expect(merged.length).toBeGreaterThan(0)
  expect(alerts.filter((alert) => merged.includes(alert.incident))).toEqual([])
})

const users = (n: number, value: string) =>
  one(
    n,
    {},
    {
      key: `k${n}`,
      observables: [
        { type: 'user', value, role: 'target' },
        { type: 'process', value: 'cmd.exe', role: 'related' },
      ],
    },
  )

test.each(['user17', 'USER17', 'EXAMPLE\\user17', 'User17@example.org'])(
  'user17@example.com is the same account as %s',
  async (spelling) => {
    const { outcomes } = await play([users(1, 'user17@example.com'), users(2, spelling)], new Set([0]))
    expect(outcomes[1]).toMatchObject({ change: 'extended', incident: { number: 1 } })
  },
)

test.each([
  'SYSTEM',
  'NT AUTHORITY\\SYSTEM',
  'NT AUTHORITY\\Local Service',
  'root',
  'Administrator',
  '@example.com',
  '-',
])('the account "%s", which is on every machine, joins nothing', async (name) => {
  const { outcomes } = await play([users(1, name), users(2, name)], new Set())
  expect(outcomes.map((done) => (done.outcome === 'alerted' ? done.change : done.outcome))).toEqual([
    'opened',
    'opened',
  ])
})

test('an incident that people closed takes no more alerts; the next one opens another', async () => {
  const state = createState()
  await correlate(state, one(1), rules)
  const first = state.incidents.get(1)
  if (first === undefined) throw new Error('no incident')
  takeOver(state, { ...workedOf(first), status: 'closed' })
  expect(await correlate(state, one(2, { title: 'other' }), rules)).toMatchObject({
    change: 'opened',
    incident: { number: 2 },
  })
  expect(state.incidents.get(1)).toMatchObject({ status: 'closed', signalCount: 1 })
  takeOver(state, { ...workedOf(first), status: 'acknowledged' })
  expect(await correlate(state, one(3, { title: 'third' }), rules)).toMatchObject({ merged: [{ from: 2, into: 1 }] })
})

test('an escalation fires once, lifts the severity and leaves its tasks', async () => {
  const state = createState()
  const impaired = await correlate(state, one(1, { tactic: 'defense-impairment' }), rules)
  const again = await correlate(state, one(2, { tactic: 'defense-impairment', title: 'other' }), rules)
  if (impaired.outcome !== 'alerted' || again.outcome !== 'alerted') throw new Error('not alerted')
  expect(impaired.incident?.maxSeverity).toBe(5)
  expect(impaired.escalations.map((each) => each.decision.rule.id)).toEqual(['logging-impaired'])
  expect(impaired.escalations[0]?.tasks).toHaveLength(1)
  expect(again.escalations).toEqual([])
  expect(again.incident?.maxSeverity).toBe(5)
})

test('an incident stays bounded, however many values and alerts it takes', async () => {
  const state = createState()
  for (let n = 0; n < 400; n++) {
    const address: Observable = { type: 'ip', value: `10.1.${n >> 8}.${n & 255}`, role: 'related' }
    const host: Observable = { type: 'host', value: 'ws-1', role: 'target' }
    await correlate(
      state,
      one(1, {}, { id: alertId(tenant, 'b', `${n}`), key: `b${n}`, observables: [host, address] }),
      rules,
    )
  }
  const { alerts, incidents } = takeChanges(state)
  expect(alerts).toHaveLength(400)
  expect(incidents).toHaveLength(1)
  expect(incidents[0]?.alertCount).toBe(400)
  expect(incidents[0]?.observables).toHaveLength(200)
  expect(incidents[0]?.decisions.length).toBeLessThanOrEqual(60)
})

test('names that an attacker chose stay short and on one line in title and reasons', async () => {
  const state = createState()
  const observables: Observable[] = [{ type: 'user', value: `a\n\u001b[2J\u202e${'b'.repeat(5000)}`, role: 'target' }]
  await correlate(state, one(1, {}, { observables }), rules)
  const done = await correlate(state, one(2, { title: 'other' }, { observables }), rules)
  if (done.outcome !== 'alerted' || done.incident === null) throw new Error('no incident')
  for (const said of [done.incident.title, ...done.decisions.map((each) => each.sentence)]) {
    expect(said.length).toBeLessThan(400)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(said).not.toMatch(/[\u0000-\u001f\u202e]/)
  }
})
