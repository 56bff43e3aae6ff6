import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Bundle, compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { listRuns } from '../../src/respond/index.ts'
import { createHooks } from '../../src/server/hooks.ts'
import { allow, worldOf } from '../respond/world.ts'
import { readAuditActions } from '../support/audit-actions.ts'

const secret = 'a-secret-of-the-portal'
const proof = '{ scheme: hmac, secret: portal, header: x-signature-256, prefix: "sha256=" }'
const report = { incident: 'INC-1', report: 'r-1', device: 'laptop-17', hours: 3 }

const byReport = ['key: "{{ body.report }}"']

/** A playbook that a portal starts, with these lines of its trigger and of its webhook. */
function bundleOf(trigger: readonly string[] = ['once: change'], webhook: readonly string[] = byReport): Bundle {
  const text = [
    'id: lost',
    'title: Lost',
    'owner: workplace',
    'why: test',
    'trigger:',
    ...trigger.map((line) => `  ${line}`),
    '  webhook:',
    ...[
      'path: portal',
      `verify: ${proof}`,
      'inputs: { device: "{{ body.device }}", hours: "{{ body.hours | default(1) }}" }',
      ...webhook,
    ].map((line) => `    ${line}`),
    'inputs:',
    '  device: { type: string, maxLength: 20, pattern: "^[a-z0-9-]+$", description: Which }',
    '  hours: { type: integer, minimum: 0, maximum: 99, description: Since when }',
    'deadline: 8h',
    'steps:',
    '  - { id: look, task: "Look for {{ inputs.device }}, lost {{ inputs.hours }} hours ago" }',
  ]
  const files = [
    { path: 'playbooks/lost.yaml', text: text.join('\n') },
    { path: 'rules/approval/team.yaml', text: `id: team\ntitle: Team\nowner: team\nwhy: test\n${allow}` },
  ]
  const { bundle, problems } = compileBundle(files, 'worktree')
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}

/** The webhook over HTTP, on a store with incident 1, of which no run has begun. */
async function portal(bundle = bundleOf()) {
  const world = await worldOf({ ...bundle, playbooks: new Map() })
  const counted: string[] = []
  const hooks = createHooks({
    store: world.store,
    bundle: () => bundle,
    context: {
      secrets: (name) => (name === 'portal' ? [secret] : undefined),
      fetchText: () => Promise.reject(new Error('no network')),
      loopback: false,
    },
    config: {},
    clock: () => world.time.at,
    count: (name, result) => counted.push(`${name} ${result}`),
  })
  const server = createServer((request, response) => {
    void hooks(request, response).then((taken) => taken || response.writeHead(418).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const send = async (body: unknown, parts: { sign?: string; path?: string; method?: string } = {}) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const sign = parts.sign ?? `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`
    const method = parts.method ?? 'POST'
    const response = await fetch(`http://127.0.0.1:${port}${parts.path ?? '/hooks/portal'}`, {
      method,
      headers: { 'x-signature-256': sign },
      ...(method === 'POST' ? { body: bytes } : {}),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const runs = () => world.store.transaction((tx) => listRuns(tx))
  return { ...world, send, runs, counted }
}

test('a signed request starts the playbook for the incident it names, with its inputs; it is on record before it is answered', async () => {
  const { send, runs, store, counted, rows } = await portal()
  const answer = await send(report)
  expect(answer).toEqual({
    status: 202,
    body: {
      started: true,
      run: expect.stringMatching(/^run-/),
      incident: 1,
      why: 'the webhook "portal" started "Lost"',
      repeated: false,
    },
  })
  expect(await runs()).toMatchObject([{ id: answer.body.run, playbook: 'lost', incident: 1, status: 'running' }])
  expect(await rows('select trigger, inputs from run')).toEqual([
    { trigger: 'webhook', inputs: { device: 'laptop-17', hours: 3 } },
  ])
  expect(await readAuditActions(store)).toEqual([['run.start', `run/${answer.body.run}`]])
  expect(await rows('select actor, kind from timeline')).toEqual([{ actor: 'webhook/portal', kind: 'run' }])
  expect(counted).toEqual(['hooks/portal accepted'])
})

test('the same request again gets the same answer and starts nothing, also side by side; its key with another body is refused', async () => {
  const { send, runs, store } = await portal()
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(report)))
  expect(new Set(answers.map((one) => one.body.run)).size).toBe(1)
  expect(answers.map((one) => one.body.repeated).filter((one) => one === false)).toHaveLength(1)
  expect(await runs()).toHaveLength(1)
  expect(await send({ ...report, device: 'laptop-18' })).toMatchObject({
    status: 409,
    body: { error: 'another request had this key' },
  })
  expect(await send({ ...report, report: 'r-2' })).toMatchObject({ status: 202, body: { repeated: false } })
  expect(await runs()).toHaveLength(2)
  expect(await readAuditActions(store)).toHaveLength(2)
})

test('without a key the bytes are the key', async () => {
  const { send, runs } = await portal(bundleOf(['once: change'], []))
  expect((await send(report)).body.repeated).toBe(false)
  expect((await send(report)).body.repeated).toBe(true)
  expect((await send({ ...report, report: 'r-2' })).body.repeated).toBe(false)
  expect(await runs()).toHaveLength(2)
})

test.each<
  [name: string, body: unknown, parts: { sign?: string; path?: string; method?: string }, status: number, error: RegExp]
>([
  ['signed with another key', report, { sign: `sha256=${'0'.repeat(64)}` }, 401, /proof of origin/],
  ['that is not signed', report, { sign: '' }, 401, /proof of origin/],
  ['at another path', report, { path: '/hooks/other' }, 404, /no playbook/],
  ['below its path', report, { path: '/hooks/portal/x' }, 404, /no playbook/],
  ['with GET', report, { method: 'GET' }, 405, /POST/],
  ['of more than 64 KB', { ...report, more: 'x'.repeat(70_000) }, {}, 413, /65536/],
  ['that is no JSON', '{', {}, 400, /not JSON/],
  ['that is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), {}, 400, /not JSON/],
  ['that is a list', [report], {}, 400, /no JSON object/],
  ['that is very deep', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, {}, 400, /deeper than 32/],
  ['without an incident', { ...report, incident: undefined }, {}, 422, /incident: .*not defined/],
  ['with an incident that is no number', { ...report, incident: '1 or 1=1' }, {}, 422, /incident: it is a number/],
  ['with an incident that is a list', { ...report, incident: [1] }, {}, 422, /incident: it is a number/],
  ['for an incident that there is not', { ...report, incident: 99 }, {}, 422, /no incident 99/],
  ['without an input', { ...report, device: undefined }, {}, 422, /inputs: .*not defined/],
  ['with an input of another type', { ...report, hours: '3' }, {}, 422, /hours must be integer/],
  ['with an input that is too large', { ...report, hours: 100 }, {}, 422, /hours must be <= 99/],
  ['with an input of another form', { ...report, device: '{{ secret }}' }, {}, 422, /device must match/],
  ['with an input that is an object', { ...report, device: { length: 3 } }, {}, 422, /device must be string/],
  ['with an empty key', { ...report, report: '' }, {}, 422, /key: it is/],
  ['with a key that is an object', { ...report, report: {} }, {}, 422, /key: it is/],
])('a request %s is refused, says why and leaves nothing behind', async (_name, body, parts, status, error) => {
  const { send, runs, rows } = await portal()
  const answer = await send(body, parts)
  expect([answer.status, answer.body.error]).toEqual([status, expect.stringMatching(error)])
  expect(await runs()).toEqual([])
  expect(await rows('select from hook_call')).toEqual([])
  // What was wrong is put right by sending it rightly: nothing of the first time is in the way.
  expect(await send(report)).toMatchObject({ status: 202 })
})

test.each<[name: string, trigger: readonly string[], webhook: readonly string[], isClosed: boolean, why: RegExp]>([
  [
    'the incident is not meant',
    ['when: { fact: severity, operator: equal, value: CRITICAL }'],
    [],
    false,
    /not meant for this, because severity = null/,
  ],
  [
    'its inputs are not meant',
    [],
    ['when: { fact: inputs.hours, operator: greaterThan, value: 5 }'],
    false,
    /not meant for this, because inputs\.hours = 3/,
  ],
  ['the incident is closed', [], [], true, /is closed/],
])(
  'a request is taken and starts nothing when %s, and the same request again neither',
  async (_name, trigger, webhook, isClosed, why) => {
    const { send, runs, rows } = await portal(bundleOf(trigger, [...byReport, ...webhook]))
    if (isClosed) await rows(`update incident set status = 'closed' returning number`)
    for (const repeated of [false, true])
      expect(await send(report)).toEqual({
        status: 200,
        body: { started: false, run: null, incident: 1, why: expect.stringMatching(why), repeated },
      })
    expect(await runs()).toEqual([])
    expect(await rows('select incident, run from hook_call')).toEqual([{ incident: 1, run: null }])
  },
)

test('once per incident, whatever is sent; once per request with a cooldown between', async () => {
  const once = await portal(bundleOf([]))
  expect((await once.send(report)).status).toBe(202)
  expect(await once.send({ ...report, report: 'r-2' })).toMatchObject({ status: 200, body: { started: false } })
  expect(await once.runs()).toHaveLength(1)

  const cooled = await portal(bundleOf(['once: change', 'cooldown: 10m']))
  expect((await cooled.send(report)).status).toBe(202)
  cooled.time.at += 9 * 60_000
  expect((await cooled.send({ ...report, report: 'r-2' })).body.started).toBe(false)
  cooled.time.at += 2 * 60_000
  expect((await cooled.send({ ...report, report: 'r-3' })).body.started).toBe(true)
  // A request that came too early stays decided.
  expect(await cooled.send({ ...report, report: 'r-2' })).toMatchObject({ body: { started: false, repeated: true } })
})

test('what a database cannot keep of a body is replaced, not lost', async () => {
  const { send, rows } = await portal(bundleOf([], ['incident: "{{ body.incident }}"']))
  expect(await send({ ...report, report: '\u0000\ud800', device: 'laptop-17' })).toMatchObject({ status: 202 })
  expect(await rows('select inputs from run')).toEqual([{ inputs: { device: 'laptop-17', hours: 3 } }])
})
