import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  applyByHand,
  areApart,
  type ByHand,
  type CorrelationState,
  correlate,
  createState,
  isOpen,
  metaOf,
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
  type SeverityId,
  tenantId,
} from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'

const { correlation: rules } = await ownBundle()
const tenant = tenantId('main')
const because = { actor: 'analyst-1', reason: 'another person' }

function alert(n: number, user: string, host: string, parts: Partial<Alert> = {}): Alert {
  const at = Date.UTC(2026, 4, 12) + n * 60_000
  const { severity = 4 as SeverityId, title = `kind ${n}` } = parts
  return {
    ...{
      id: alertId(tenant, 'test', String(n)),
      tenant,
      kind: 'vendor',
      source: 'test',
      title,
      description: '',
      severity,
    },
    rule: { kind: 'built-in', id: 'test', title: 'test' },
    ...{ confidence: null, occurredAt: at, detectedAt: at, ingestedAt: at, techniques: [], tactics: ['execution'] },
    observables: [
      { type: 'user', value: user, role: 'target' },
      { type: 'host', value: host, role: 'target' },
    ],
    ...{ key: `${title}|${user}|${host}`, updateOf: null, eventIds: [`ev-${n}` as EventId], url: null, details: {} },
    ...parts,
  }
}

const alertsOf = (state: CorrelationState) => async (number: number) =>
  [...state.groups.values()].filter((one) => one.incident === number)
const nothing = { incidents: async () => [], decisions: async () => [], alerts: async () => [] }
const hand = (state: CorrelationState, wish: ByHand) =>
  applyByHand({ state, rules, recall: nothing, alertsOf: alertsOf(state) }, wish, because)

async function fed(...alerts: readonly Alert[]): Promise<CorrelationState> {
  const state = createState()
  for (const one of alerts) await correlate(state, one, rules)
  return state
}
const incidentOf = async (state: CorrelationState, one: Alert) => {
  const done = await correlate(state, one, rules)
  return done.outcome === 'alerted' ? (done.incident?.number ?? null) : null
}

test('merged incidents are one, the older goes on, and what belongs to either joins it', async () => {
  const state = await fed(alert(1, 'anna', 'ws-1'), alert(2, 'bert', 'ws-2'))
  const done = await hand(state, { kind: 'merge', incident: 2, other: 1 })
  expect(done).toMatchObject({ ok: true, incidents: [{ number: 1, alertCount: 2 }], decision: { answer: 'merged' } })
  expect(state.incidents.get(2)).toMatchObject({ status: 'merged', mergedInto: 1 })
  expect(state.incidents.get(1)?.decisions.at(-1)?.sentence).toBe(
    'incident 2 was merged into 1 by analyst-1: another person',
  )
  expect(await incidentOf(state, alert(3, 'bert', 'ws-9'))).toBe(1)
})

test('alerts that are split off have an incident of their own, and no rule makes both one again', async () => {
  const state = await fed(alert(1, 'anna', 'ws-1'), alert(2, 'bert', 'ws-1'), alert(3, 'bert', 'ws-2'))
  expect(state.incidents.get(1)?.alertCount).toBe(3)
  const leaving = [alert(2, '', '').id, alert(3, '', '').id]
  const done = await hand(state, { kind: 'split', incident: 1, alerts: leaving })
  expect(done).toMatchObject({
    ok: true,
    incidents: [
      { number: 1, alertCount: 1, apartFrom: [2], title: 'kind 1' },
      { number: 2, alertCount: 2, apartFrom: [1], status: 'new', owner: null, playbooks: [] },
    ],
  })
  expect(state.incidents.get(1)?.observables.map((one) => one.value)).toEqual(['anna', 'ws-1'])
  expect(await incidentOf(state, alert(4, 'anna', 'ws-1'))).toBe(1)
  expect(await incidentOf(state, alert(5, 'bert', 'ws-1'))).toBe(2)
  expect(await incidentOf(state, alert(6, 'bert', 'ws-2'))).toBe(2)
  expect(await incidentOf(state, alert(7, 'cleo', 'ws-1'))).toBe(1)
  expect([state.incidents.get(1)?.status, state.incidents.get(2)?.status]).toEqual(['new', 'new'])
})

test('one more of an alert stays where the alert is, also when another incident shares more', async () => {
  const more = { severity: 4 as SeverityId, title: 'same', key: 'same' }
  const state = await fed(alert(1, 'anna', 'ws-1', more), alert(2, 'anna', 'ws-1', { title: 'other' }))
  await hand(state, { kind: 'split', incident: 1, alerts: [alert(1, '', '').id] })
  expect(await incidentOf(state, alert(3, 'anna', 'ws-1', more))).toBe(2)
  expect(await incidentOf(state, alert(4, 'anna', 'ws-9', more))).toBe(2)
  expect(areApart(state, 1, 2)).toBe(true)
})

test('who merges what was split wants them to be one again', async () => {
  const state = await fed(alert(1, 'anna', 'ws-1'), alert(2, 'bert', 'ws-1'))
  await hand(state, { kind: 'split', incident: 1, alerts: [alert(2, '', '').id] })
  expect(await hand(state, { kind: 'merge', incident: 1, other: 2 })).toMatchObject({ ok: true })
  expect(state.incidents.get(1)).toMatchObject({ alertCount: 2, apartFrom: [] })
  expect(await incidentOf(state, alert(3, 'bert', 'ws-1'))).toBe(1)
})

test('an incident that is kept apart from one is kept apart from what that one became', async () => {
  const state = await fed(alert(1, 'anna', 'ws-1'), alert(2, 'dora', 'ws-3'), alert(3, 'bert', 'ws-1'))
  await hand(state, { kind: 'split', incident: 1, alerts: [alert(3, '', '').id] })
  await hand(state, { kind: 'merge', incident: 1, other: 2 })
  expect(areApart(state, 1, 3)).toBe(true)
  await correlate(state, alert(4, 'dora', 'ws-1'), rules)
  expect(await incidentOf(state, alert(5, 'bert', 'ws-3'))).toBe(1)
  expect(state.incidents.get(3)?.status).toBe('new')
})

test.each<[string, ByHand, RegExp]>([
  ['an incident with itself', { kind: 'merge', incident: 1, other: 1 }, /merged into itself/],
  ['one that is not there', { kind: 'merge', incident: 1, other: 9 }, /incident 9 is not there/],
  ['one that is closed', { kind: 'merge', incident: 1, other: 2 }, /incident 2 is closed: acknowledge it first/],
  ['all alerts', { kind: 'split', incident: 1, alerts: [alert(1, '', '').id] }, /all alerts of incident 1/],
  ['an alert of another', { kind: 'split', incident: 1, alerts: [alert(2, '', '').id] }, /incident 1 has no alert/],
  ['no alert', { kind: 'split', incident: 1, alerts: [] }, /no alert is named/],
])('%s is refused, and nothing changes', async (_name, wish, why) => {
  const state = await fed(alert(1, 'anna', 'ws-1'), alert(2, 'bert', 'ws-2'))
  const second = state.incidents.get(2)
  if (second !== undefined) takeOver(state, { ...workedOf(second), status: 'closed' })
  takeChanges(state)
  const before = canonicalJson([...state.incidents.values()] as unknown as Json)
  const done = await hand(state, wish)
  expect(done.ok ? '' : done.why).toMatch(why)
  expect(canonicalJson([...state.incidents.values()] as unknown as Json)).toBe(before)
  expect(takeChanges(state).incidents).toEqual([])
})

/** What a store would hold: everything that changed, written over what was there. */
function createShelf() {
  const alerts = new Map<string, AlertGroup>()
  const incidents = new Map<number, Incident>()
  return {
    take(state: CorrelationState) {
      const changes = takeChanges(state)
      for (const one of changes.alerts) alerts.set(one.id, one)
      for (const one of changes.incidents) {
        incidents.set(one.number, one)
        if (one.mergedInto === null) continue
        for (const held of alerts.values())
          if (held.incident === one.number) alerts.set(held.id, { ...held, incident: one.mergedInto })
      }
    },
    restored: (state: CorrelationState) => restoreState(metaOf(state), [...alerts.values()], [...incidents.values()]),
    alerts,
    incidents,
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('alert' as const), user: fc.nat(3), host: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), a: fc.nat(5), b: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('split' as const), a: fc.nat(5), share: fc.nat(3) }) },
)

test('whatever people merge and split between alerts, a restored state decides the same, every alert is counted once, and what is apart stays apart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
      const live = createState()
      let reloaded = createState()
      const [shelf, other] = [createShelf(), createShelf()]
      for (const [n, one] of steps.entries()) {
        const held = [...shelf.alerts.values()].filter((group) => group.incident === (one.kind === 'alert' ? 0 : one.a))
        const wish: ByHand | null =
          one.kind === 'alert'
            ? null
            : one.kind === 'merge'
              ? { kind: 'merge', incident: one.a, other: one.b }
              : {
                  kind: 'split',
                  incident: one.a,
                  alerts: held.filter((_, at) => at % 4 === one.share).map((group) => group.id),
                }
        const act = async (state: CorrelationState, known: ReturnType<typeof createShelf>) => {
          const of = async (number: number) => [...known.alerts.values()].filter((group) => group.incident === number)
          const done =
            one.kind === 'alert'
              ? await correlate(state, alert(n, `user${one.user}`, `ws-${one.host}`), rules)
              : await applyByHand({ state, rules, recall: nothing, alertsOf: of }, wish as ByHand, because)
          known.take(state)
          return canonicalJson(done as unknown as Json)
        }
        const standing = [...live.briefs.values()]
          .filter((brief) => brief.mergedInto === null)
          .map((brief) => brief.number)
        const before = standing.flatMap((a) =>
          standing.filter((b) => a < b && areApart(live, a, b)).map((b) => [a, b] as const),
        )
        expect(await act(reloaded, other)).toBe(await act(live, shelf))
        reloaded = other.restored(reloaded)
        if (one.kind === 'alert')
          for (const [a, b] of before)
            expect([live.briefs.get(a)?.mergedInto === b, live.briefs.get(b)?.mergedInto === a]).toEqual([false, false])
      }
      const open = [...live.incidents.values()].filter(isOpen)
      const counts = Map.groupBy(shelf.alerts.values(), (group) => group.incident)
      for (const incident of open) expect(counts.get(incident.number)?.length).toBe(incident.alertCount)
      expect([...counts.keys()].sort()).toEqual(open.map((incident) => incident.number).sort())
    }),
    { numRuns: 150 },
  )
})
