import { expect, test } from 'vitest'
import type { Incident, Observable } from '../../src/core/model/index.ts'
import { madeCase } from '../cases/made-case.ts'
import { ownBundle } from '../support/content.ts'
import { worldOf } from './world.ts'

const takeover: readonly Observable[] = [
  { type: 'user', value: 'user17@example.com', role: 'target' },
  { type: 'user', value: 'svc-backup', role: 'target' },
  { type: 'access-key', value: 'AKIAIOSFODNN7EXAMPLE', role: 'related' },
  { type: 'access-key', value: 'ASIAIOSFODNN7EXAMPLE', role: 'related' },
  { type: 'ip', value: '203.0.113.66', role: 'attacker' },
  { type: 'ip', value: '10.20.4.42', role: 'target' },
]

/** Plays the delivered containment on an incident; everything that asks is approved. Returns what was done, in order. */
async function contain(parts: Partial<Incident> & Pick<Incident, 'observables'>) {
  const bundle = await ownBundle()
  const playbooks = new Map([...bundle.playbooks].filter(([id]) => id === 'contain-compromised-identity'))
  const world = await worldOf(
    { ...bundle, playbooks },
    {
      incident: {
        sources: ['aws-guardduty', 'okta'],
        tactics: ['credential-access', 'persistence'],
        assessment: madeCase().incident.assessment,
        ...parts,
      },
    },
  )
  for (let turn = 0; turn < 20; turn++) {
    await world.responder().drain()
    const waiting = (await world.approvals()).filter((one) => one.status === 'pending')
    if (waiting.length === 0) break
    for (const one of waiting) await world.answer(one.id)
  }
  const done = await world.rows<{ action: string; target: string }>(
    `select action, target from effect where outcome = 'done' order by settled_at, id`,
  )
  const [run] = await world.rows<{ status: string }>('select status from run')
  const steps = await world.steps()
  return { done: done.map((one) => `${one.action} ${one.target}`).sort(), status: run?.status, steps }
}

test('a takeover is contained: accounts of people, sessions, long-lived keys, attacking addresses, nothing else', async () => {
  const { done, status } = await contain({ observables: takeover })
  expect(status).toBe('completed')
  expect(done).toEqual([
    'aws-iam.deactivate_access_key AKIAIOSFODNN7EXAMPLE',
    'edge-firewall.block_ip 203.0.113.66',
    'email.send soc-oncall@example.com',
    'okta.clear_sessions user17@example.com',
    'okta.suspend_user user17@example.com',
  ])
})

test('an attacker who floods the incident with names and text cannot keep the keys and addresses from being contained', async () => {
  const flood = Array.from(
    { length: 400 },
    (_, n): Observable => ({
      type: 'user',
      value: `${'x'.repeat(200)}${n}@example.net`,
      role: 'related',
    }),
  )
  const { done, status, steps } = await contain({ observables: [...takeover, ...flood], title: 'y'.repeat(20_000) })
  expect(status).toBe('completed')
  expect(done).toEqual([
    'aws-iam.deactivate_access_key AKIAIOSFODNN7EXAMPLE',
    'edge-firewall.block_ip 203.0.113.66',
    'email.send soc-oncall@example.com',
  ])
  expect(steps.find((step) => step.path === 'suspend')).toMatchObject({
    status: 'failed',
    sentence: expect.stringContaining('a person has to choose'),
  })
  expect(steps.at(-1)).toMatchObject({ path: 'call', status: 'done' })
})

test('break-glass accounts and internal addresses are left alone even when they look like the attacker', async () => {
  const { done, steps } = await contain({
    observables: [
      { type: 'user', value: 'breakglass-1@example.com', role: 'target' },
      { type: 'ip', value: '10.20.4.42', role: 'attacker' },
      { type: 'ip', value: '203.0.113.66', role: 'attacker' },
    ],
  })
  expect(done).toEqual(['edge-firewall.block_ip 203.0.113.66', 'email.send soc-oncall@example.com'])
  expect(steps.filter((step) => step.status === 'denied')).toHaveLength(3)
})
