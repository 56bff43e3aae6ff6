import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/model/index.ts'
import { compileIntegration, type Integration } from '../../src/core/normalize/index.ts'
import { renderRequest } from '../../src/respond/render-request.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { documentOf } from '../support/document.ts'
import { allow, bundleWith, filesIn, suspendEach, worldOf } from './world.ts'

function integration(): Integration {
  const compiled = compileIntegration(
    documentOf(
      'integrations/twin/integration.yaml',
      `id: twin
title: Twin
connection:
  baseUrl: https://api.example.com
  secrets: [api-token]
  auth: { header: Authorization, value: "Bearer {{ secret.api-token }}" }
`,
    ),
  )
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value
}

const render = (request: JsonObject, inputs: JsonObject) => renderRequest(integration(), request, inputs, {})
const user = { method: 'POST', path: '/users/{{ user }}/suspend' }

test.each([
  ['../../admins/1', '/users/..%2F..%2Fadmins%2F1/suspend'],
  ['x/../../y', '/users/x%2F..%2F..%2Fy/suspend'],
  ['a?force=true#x', '/users/a%3Fforce%3Dtrue%23x/suspend'],
  ['a\r\nHost: evil.example.net', '/users/a%0D%0AHost%3A%20evil.example.net/suspend'],
  ['%2e%2e', '/users/%252e%252e/suspend'],
  ['//evil.example.net', '/users/%2F%2Fevil.example.net/suspend'],
  ['@evil.example.net', '/users/%40evil.example.net/suspend'],
  ['\\..\\', '/users/%5C..%5C/suspend'],
  ['{{ secret.api_token }}', '/users/%7B%7B%20secret.api_token%20%7D%7D/suspend'],
  ['...', '/users/.../suspend'],
  ['half \ud800', '/users/half%20%EF%BF%BD/suspend'],
])('%j stays one part of the path', (value, path) => {
  const rendered = render(user, { user: value })
  if (!rendered.ok) throw new Error(rendered.problems[0]?.message)
  expect(rendered.value.url).toBe(`https://api.example.com${path}`)
  const url = new URL(rendered.value.url)
  expect([url.host, url.pathname]).toEqual(['api.example.com', path])
  expect([url.search, url.hash, url.username]).toEqual(['', '', ''])
})

test.each(['', '.', '..'])('%j would climb or vanish and is refused as a part of the path', (value) => {
  expect(render(user, { user: value })).toMatchObject({ ok: false, problems: [{ code: 'request/path' }] })
})

test('values stay values in queries, headers and bodies', () => {
  const rendered = render(
    {
      method: 'POST',
      path: '/x',
      query: { user: '{{ user }}', 'a&b': '1' },
      headers: { 'X-User': '{{ user }}' },
      body: { name: '{{ user }}', text: 'of {{ user }}' },
    },
    { user: 'a&admin=1\r\nX-Admin: 1\u0000","role":"admin' },
  )
  if (!rendered.ok) throw new Error(rendered.problems[0]?.message)
  const { url, headers, body } = rendered.value
  expect([...new URL(url).searchParams.keys()]).toEqual(['user', 'a&b'])
  expect(Object.keys(headers)).toEqual(['x-user', 'authorization'])
  expect(headers['x-user']).not.toMatch(/[\r\n\0]/)
  expect(() => new Headers(headers as Record<string, string>)).not.toThrow()
  expect(Object.keys(body as JsonObject)).toEqual(['name', 'text'])
})

test('a secret stands in a request by its name only, and inputs cannot take its place', () => {
  const rendered = render(user, { user: 'x', secret: { api_token: 'chosen by others' } })
  expect(rendered).toMatchObject({ ok: true, value: { headers: { authorization: 'Bearer secret:api-token' } } })
})

test('an input that is missing is a problem, not an empty text', () => {
  expect(render(user, {})).toMatchObject({ ok: false })
})

const hostileNames = [
  '..',
  '../../etc/passwd',
  'a\r\nBcc: everybody@example.com',
  '{{ incident }}{% set x = 1 %}',
  '__proto__',
  "'; drop table effect; --",
  'null \u0000 byte',
  'half \ud800',
  '😀 cut in half by truncate',
  '\u202egpj.exe',
  '<script>alert(1)</script>',
]

test.each(hostileNames)('an account called %j harms nothing on the way through a run', async (name) => {
  const tell = `  - id: tell
    action: email.send
    onError: continue
    with: { to: oncall@example.com, subject: "Look: {{ incident.title }}", text: "{{ incident.people | join }} in {{ incident.title | truncate(10) }}" }
`
  const world = await worldOf(await bundleWith(tell + suspendEach, allow), {
    people: [`${name}@example.com`, '@'],
    incident: { title: `incident ${name}` },
  })
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
  expect(await world.rows('select count(*)::int as n from effect where outcome is null')).toEqual([{ n: 0 }])
  expect((await verifyAudit(world.store)).broken).toBeNull()
  for (const file of Object.keys(await filesIn(world.dir)))
    expect(file).toMatch(/^(artifacts\/incident-1|outbox)\/[a-z0-9-]+\.(json|eml)$/)
  const [mail = ''] = Object.values(await filesIn(world.places.outboxDir))
  const headers = mail.slice(0, mail.indexOf('\r\n\r\n')).replace(/\r\n /g, '')
  expect(headers.split('\r\n').map((line) => line.split(':')[0])).toEqual([
    'From',
    'To',
    'Subject',
    'Date',
    'Message-ID',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
  ])
  expect(mail.split('\r\n').every((line) => line.length <= 998 && !/[\r\n\0]/.test(line))).toBe(true)
})

test('inputs that were cut in the middle of a character can be shown, approved and done', async () => {
  const world = await worldOf(
    await bundleWith(
      '  - { id: tell, action: email.send, with: { to: oncall@example.com, subject: "{{ incident.title | truncate(3) }}", text: x } }\n',
      'rules:\n  - { effects: [notify], answer: ask, reason: test }\n',
    ),
    { incident: { title: 'ab😀' } },
  )
  await world.drain()
  const [approval] = await world.approvals()
  expect(approval?.inputs).toMatchObject({ subject: 'ab\ufffd' })
  await world.answer(approval?.id ?? '')
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
})

test.each([
  ['a recipient of somebody else', 'oncall@example.com, everybody@example.com'],
  ['a recipient with a line break', 'oncall@example.com\r\nBcc: everybody@example.com'],
  ['a recipient in brackets', '<everybody@example.com>'],
  ['no recipient', ''],
])('%s gets no mail', async (_name, to) => {
  const world = await worldOf(
    await bundleWith(
      '  - { id: tell, action: email.send, with: { to: "{{ incident.users | first | default(\'\') }}", subject: x, text: x } }\n',
    ),
    { people: [to] },
  )
  await world.drain()
  expect(await world.files()).toEqual({})
  expect(await world.steps()).toMatchObject([
    { status: 'failed', sentence: expect.stringContaining('email.send is not called: input to') },
  ])
})

test.each([
  ['a name', 'localhost'],
  ['a network', '203.0.113.0/24'],
  ['two addresses', '203.0.113.66,203.0.113.67'],
  ['an address with an option', '203.0.113.66 --all'],
])('%s is no address to block', async (_name, value) => {
  const world = await worldOf(
    await bundleWith(
      `  - { id: block, action: edge-firewall.block_ip, with: { ip: "{{ incident.users | first | default('none') }}" }, expires: 1h }\n`,
      allow,
    ),
    { people: [value] },
  )
  await world.drain()
  expect(await world.steps()).toMatchObject([{ status: 'failed' }])
  expect(await world.rows('select id from effect')).toEqual([])
})
