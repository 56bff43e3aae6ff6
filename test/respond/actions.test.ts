import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSelection } from '../../src/core/detect/index.ts'
import { isObject, type Json, type JsonObject } from '../../src/core/model/index.ts'
import { checkInputs } from '../../src/respond/check-inputs.ts'
import { readOutput } from '../../src/respond/read-output.ts'
import { renderRequest } from '../../src/respond/render-request.ts'
import { ownBundle } from '../support/content.ts'

const { integrations } = await ownBundle()
const actions = integrations.flatMap((integration) =>
  integration.actions.map((spec) => ({ name: `${integration.id}.${spec.id}`, integration, spec })),
)
const hex = (length: number) => 'a1b2c3d4e5'.repeat(20).slice(0, length)
const uuid = '7d1f0c1e-1111-4222-8333-123456789abc'

/** Values that every action takes, by the names of their inputs. */
const examples: Readonly<Record<string, Json>> = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  bucket: 'example-finance-exports',
  channel: '#soc',
  comment: 'incident 7',
  deviceId: uuid,
  domain: 'sso-example.example.net',
  grantId: 'l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk',
  host: 'ws-0142',
  instanceId: 'i-0123456789abcdef0',
  ip: '203.0.113.66',
  key: 'incident-7',
  machineId: hex(40),
  messageId: 'AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A',
  quarantineGroup: 'sg-0123456789abcdef0',
  repository: 'example/payments',
  ruleId: 'AQAAAJ5dZp8=',
  servicePrincipalId: uuid,
  severity: 'critical',
  subject: 'A subject',
  summary: 'Incident 7',
  text: 'A text',
  to: 'soc@example.com',
  userId: 'user17@example.com',
  userKey: 'user17@example.com',
  userName: 'svc-backup',
  workflow: 161335,
  zoneId: hex(32),
}
const own: Readonly<Record<string, JsonObject>> = {
  'crowdstrike.contain_host': { deviceId: hex(32) },
  'github.delete_deploy_key': { key: 71 },
}

function inputsOf(name: string, input: Json | undefined): JsonObject {
  const properties = isObject(input) && isObject(input.properties) ? Object.keys(input.properties) : []
  return Object.fromEntries(properties.map((one) => [one, own[name]?.[one] ?? examples[one] ?? null]))
}

/** The request and the one that undoes it, as they would be sent; null where an input is refused as a part of a path. */
function rendered({ integration, spec }: (typeof actions)[number], inputs: JsonObject) {
  const requests = [spec.request, spec.rollback, spec.confirm].filter(isObject)
  return requests.map((request) => {
    const config = {
      url: 'https://device.example.com',
      orgUrl: 'https://acme.okta.com',
      baseUrl: 'https://edr.example.com',
    }
    const result = renderRequest(integration, request, inputs, { ...config, endpoint: 'https://ec2.example.com' })
    return result.ok ? result.value : null
  })
}

/** What no input may change: everything of a request but the values in it. */
function frameOf({ method, url, headers, body }: { method: string; url: string; headers: JsonObject; body: Json }) {
  const { origin, pathname, searchParams, hash, username } = new URL(url)
  const parts = pathname.split('/').length
  return {
    method,
    origin,
    parts,
    hash,
    username,
    query: [...searchParams.keys()],
    headers: Object.keys(headers),
    body: shape(body),
  }
}

const shape = (value: Json): Json =>
  Array.isArray(value)
    ? (value as readonly Json[]).map(shape)
    : isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shape(one)]))
      : typeof value

const hostile = [
  '..',
  '.',
  '',
  '/',
  '../../admins',
  'a/b',
  'a/b/c',
  'x?force=true',
  'x#y',
  'x&admin=1',
  "x' or 1 eq 1 or 'a' eq 'a",
  'x" OR from:boss',
  'contains:.',
  "*'",
  'x\r\nHost: evil.example.net',
  'x\u0000',
  '%2e%2e%2f',
  '\\..\\',
  '@evil.example.net',
  '{{ secret.graph_token }}',
  '*',
  '%',
  '0.0.0.0/0',
  '::/0',
  'a,b',
  'a;b',
  'ws-1\n',
  '\ud800',
  '﻿ws',
  'ｗｓ',
  'x'.repeat(20_000),
  '-rf',
  '$(id)',
  '<!channel>',
]

test.each(actions)('$name takes its example, and its requests can be written', (one) => {
  const inputs = inputsOf(one.name, one.spec.input as Json)
  expect(checkInputs(one.spec, inputs)).toBeNull()
  for (const request of rendered(one, inputs)) expect(request).not.toBeNull()
})

test.each(actions)('no input of $name changes the path, the query, a header or the form of the body', (one) => {
  const good = inputsOf(one.name, one.spec.input as Json)
  const frames = rendered(one, good).map((request) => request && frameOf(request))
  const names = Object.keys(good).filter((name) => typeof good[name] === 'string')
  const check = (name: string, value: string) => {
    for (const [index, request] of rendered(one, { ...good, [name]: value }).entries()) {
      if (request === null) continue
      expect(frameOf(request)).toEqual(frames[index])
      expect(Object.values(request.headers).join('')).not.toMatch(/[\r\n\0]/)
    }
  }
  for (const name of names) {
    for (const value of hostile) check(name, value)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => check(name, value)),
      { numRuns: 30 },
    )
  }
})

const marks = /['"():*\\<>{}]/g
const inQuery = (url: string) => [...new URL(url).searchParams.values()].join('\n').match(marks)?.length ?? 0

test.each(actions)('what $name takes adds nothing to the language of a query that it stands in', (one) => {
  const good = inputsOf(one.name, one.spec.input as Json)
  const counts = rendered(one, good).map((request) => request && inQuery(request.url))
  for (const name of Object.keys(good).filter((each) => typeof good[each] === 'string'))
    for (const value of hostile) {
      const inputs = { ...good, [name]: value }
      if (checkInputs(one.spec, inputs) !== null || /^[\da-f:.]+$/i.test(value)) continue
      for (const [index, request] of rendered(one, inputs).entries())
        if (request !== null) expect(inQuery(request.url)).toBe(counts[index])
    }
})

test.each(actions)('$name bounds every text that it takes, and what it reads has a form', ({ spec }) => {
  const properties = (spec.input as { properties: Record<string, JsonObject> }).properties
  for (const [name, one] of Object.entries(properties))
    expect([
      name,
      ['maxLength', 'pattern', 'format', 'enum', 'anyOf', 'minimum'].some((key) => one[key] !== undefined),
    ]).toEqual([name, true])
  expect(Object.keys(properties)).toContain(spec.target)
  if (spec.effect === 'read') expect(spec.output).toBeDefined()
  if (spec.effect !== 'destructive' && spec.effect !== 'reversible') expect(spec.rollback).toBeUndefined()
})

test.each(integrations.filter((one) => one.connection?.egress !== undefined))(
  'the hosts that $id may reach are names, or everything below a name',
  ({ connection }) => {
    for (const host of (connection?.egress ?? []) as readonly string[])
      expect(host).toMatch(/^(\*\.)?[a-z0-9.-]+\.[a-z]+$/)
  },
)

const specOf = (name: string) => {
  const spec = actions.find((one) => one.name === name)?.spec
  if (spec === undefined) throw new Error(`there is no action ${name}`)
  return spec
}

test('an answer that is a list is kept as it is declared; one that says it went wrong is none', () => {
  const keys = [{ id: 71, title: 'deploy', read_only: false, url: 'https://api.example.com' }]
  expect(readOutput(specOf('github.list_deploy_keys'), 200, keys)).toEqual({
    ok: true,
    output: [{ id: 71, title: 'deploy', read_only: false }],
  })
  expect(readOutput(specOf('slack.post'), 200, { ok: false, error: 'channel_not_found' })).toMatchObject({ ok: false })
})

// Answers as the vendors' pages show them, shortened: before, after, and of somebody who may not look.
const confirmed: Readonly<Record<string, { done: readonly Json[]; not: readonly Json[] }>> = {
  'okta.suspend_user': {
    done: [{ id: '00u17', status: 'SUSPENDED' }],
    not: [
      { id: '00u17', status: 'ACTIVE' },
      { errorCode: 'E0000007', errorSummary: 'Not found' },
    ],
  },
  'crowdstrike.contain_host': {
    done: [
      { resources: [{ device_id: hex(32), status: 'containment_pending' }] },
      { resources: [{ status: 'contained' }] },
    ],
    not: [
      { resources: [{ status: 'normal' }] },
      { resources: [{ status: 'lift_containment_pending' }] },
      { resources: [] },
    ],
  },
  'github.disable_workflow': {
    done: [{ state: 'disabled_manually' }],
    not: [{ state: 'active' }, { message: 'Not Found' }],
  },
  'github.archive_repository': { done: [{ archived: true }], not: [{ archived: false }, { message: 'Not Found' }] },
  'entra-id.disable_user': {
    done: [{ accountEnabled: false }],
    not: [{ accountEnabled: true }, { error: { code: 'x' } }],
  },
  'cloudflare.under_attack': {
    done: [{ result: { id: 'security_level', value: 'under_attack' }, success: true }],
    not: [{ result: { value: 'medium' } }, { success: false, result: null }],
  },
  'google-workspace.suspend_user': {
    done: [{ suspended: true }],
    not: [{ suspended: false }, { error: { code: 404 } }],
  },
}

test.each(actions.filter((one) => one.spec.confirm !== undefined))(
  '$name is known by what the vendor answers',
  (one) => {
    const { confirm } = one.spec
    const place = () => ({ file: one.name, line: 1, column: 1 })
    const selection = compileSelection((isObject(confirm) && confirm.done) || null, place)
    if (!selection.ok) throw new Error(selection.problems[0]?.message)
    const is = (body: Json) => selection.value.test({ status: 200, body })
    expect(isObject(confirm) && confirm.method).toBe('GET')
    const answers = confirmed[one.name]
    expect(answers?.done.map(is)).toEqual(answers?.done.map(() => true))
    expect(answers?.not.map(is)).toEqual(answers?.not.map(() => false))
    expect([{}, '', null, []].map(is)).toEqual([false, false, false, false])
  },
)
