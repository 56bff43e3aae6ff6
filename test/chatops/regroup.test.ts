import { expect, test } from 'vitest'
import { readCase, saveAlerts, saveIncidents } from '../../src/cases/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { madeAlert, madeIncident } from '../cases/made.ts'
import { analyst, talk } from './talk.ts'

const user = (value: string) => ({ type: 'user' as const, value, role: 'target' as const })

/** Two open incidents, the first with three alerts, as the engine would have stored them. */
async function grouped() {
  const world = await talk()
  await world.drain()
  await world.store.transaction(async (tx) => {
    await saveIncidents(tx, [
      madeIncident({ number: 1, alertCount: 3, signalCount: 6, observables: [user('anna'), user('bert')] }),
      madeIncident({ number: 2, title: 'Another', observables: [user('cleo')] }),
    ])
    await saveAlerts(tx, [
      madeAlert({ id: 'al-aaa1', observables: [user('anna')] }),
      madeAlert({ id: 'al-bbb1', observables: [user('bert')], title: 'Mail rule set' }),
      madeAlert({ id: 'al-bbb2', observables: [user('bert')] }),
      madeAlert({ id: 'al-ccc1', incident: 2, observables: [user('cleo')] }),
    ])
    await tx.query(
      `insert into engine_state (tenant, kind, key, doc) values ($1, 'meta', '', '{"correlation":{"nextNumber":3,"watermark":2000},"sigmaWatermark":7}')`,
      [tx.tenant],
    )
  })
  const read = (number: number) => world.store.transaction((tx) => readCase(tx, number))
  return { ...world, read }
}

test('/split gives alerts an incident of their own, tells both stories, and the decision is on record', async () => {
  const world = await grouped()
  const reply = await world.say('/split al-bbb1 al-bbb2 another user')
  expect(reply).toMatchObject({ ok: true, changed: true })
  expect(reply.lines[0]).toBe('2 of 3 alerts of incident 1 became incident 3 by analyst-1: another user')
  const [old, fresh] = [await world.read(1), await world.read(3)]
  expect(old).toMatchObject({ incident: { alertCount: 1, apartFrom: [3] }, alerts: [{ id: 'al-aaa1' }] })
  expect(fresh).toMatchObject({
    incident: { alertCount: 2, status: 'new' },
    alerts: [{ id: 'al-bbb1' }, { id: 'al-bbb2' }],
  })
  for (const file of [old, fresh])
    expect(file?.timeline.at(-1)).toMatchObject({ actor: 'analyst-1', kind: 'person', sentence: reply.lines[0] })
  expect(old?.runs).toHaveLength(1)
  expect(fresh?.runs).toEqual([])
  expect(await world.rows('select n, after_seq, kind, incident, doc, actor, reason from person_decision')).toEqual([
    {
      ...{ n: 1, after_seq: 0, kind: 'split', incident: 1, actor: 'analyst-1', reason: 'another user' },
      doc: { alerts: ['al-bbb1', 'al-bbb2'], other: 3 },
    },
  ])
  expect(await world.rows(`select doc from engine_state where kind = 'meta'`)).toEqual([
    { doc: { correlation: { nextNumber: 4, watermark: 2000 }, sigmaWatermark: 7 } },
  ])
  expect((await verifyAudit(world.store)).broken).toBeNull()
  expect((await world.say('INC-3 merge INC-1 it was one after all')).lines[0]).toMatch(/incident 3 was merged into 1/)
  expect((await world.read(3))?.incident).toMatchObject({ number: 1, alertCount: 3 })
})

test('/merge makes two incidents one: alerts and work go to the older', async () => {
  const world = await grouped()
  await world.say('INC-2 assign octo-2')
  const reply = await world.say('INC-2 merge INC-1 same key')
  expect(reply.lines.slice(0, 2)).toEqual([
    'incident 2 was merged into 1 by analyst-1: same key',
    expect.stringMatching(/^INC-1 has 4 alerts now: /),
  ])
  expect((await world.read(1))?.incident).toMatchObject({ alertCount: 4, owner: 'analyst-2', status: 'new' })
  expect((await world.say('INC-2 ack')).lines).toEqual(['incident 2 was merged into 1', 'use incident 1'])
  expect((await world.say('/merge INC-2')).lines).toEqual(['incident 2 was merged into 1'])
})

test.each<[string, string, RegExp]>([
  ['an alert that is not there', '/split al-zzz because', /no alert al-zzz\nal-aaa1: MFA/],
  [
    'a beginning of several',
    '/split al-bbb because',
    /several alerts begin with al-bbb: write more\nal-bbb1: Mail rule|several alerts begin with al-bbb/,
  ],
  ['an alert of another incident', '/split al-ccc1 because', /INC-1 has no alert al-ccc1/],
  ['all alerts', '/split al-aaa1 al-bbb1 al-bbb2 because', /all alerts of incident 1/],
  ['no alert', '/split', /the alert is missing.*al-aaa1: MFA/s],
  ['an incident with itself', '/merge INC-1', /merged into itself\nname the other one/],
  ['an incident that is not there', '/merge INC-77', /there is no incident 77\n\/similar/],
])('%s cannot be regrouped, and nothing changes', async (_name, text, said) => {
  const world = await grouped()
  const before = await world.stored()
  const reply = await world.say(text)
  expect(reply).toMatchObject({ ok: false, changed: false })
  expect(reply.lines.join('\n')).toMatch(said)
  expect(await world.stored()).toEqual(before)
})

test('who may not regroup changes nothing and is shown no alerts', async () => {
  const world = await grouped()
  const before = await world.stored()
  for (const text of ['/split', '/split al-bbb1 because', '/merge INC-2'])
    expect((await world.say(text, analyst)).lines.join('\n')).not.toContain('al-aaa1')
  expect(await world.stored()).toEqual(before)
})

test('of two who regroup at once both are heard, one after the other', async () => {
  const world = await grouped()
  const replies = await Promise.all([world.say('/split al-bbb1 one'), world.say('/merge INC-2 two')])
  expect(replies.map((one) => one.ok)).toEqual([true, true])
  expect((await world.rows<{ kind: string }>('select kind from person_decision')).length).toBe(2)
})
