import { createServer, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { refusedByGuard, send } from '../../src/ingest/index.ts'

async function guarded(): Promise<number> {
  const server = createServer((request, response) =>
    send(
      response,
      refusedByGuard(request, { secrets: () => undefined, loopback: true }) ?? { status: 200, body: 'welcome' },
    ),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test.each<[what: string, headers: Record<string, string>, why: string | null]>([
  ['a program that says nothing of itself', {}, null],
  ['a program with a name of this machine', { host: 'localhost:8080' }, null],
  ['a program with headers of its own', { 'x-request-id': '7', 'user-agent': 'curl/8', via2: 'x' }, null],
  ['another name', { host: 'soc.example.com' }, 'a name that is not this machine'],
  ['a name that begins like this machine', { host: '127.0.0.1.example.com' }, 'a name that is not this machine'],
  ['a page', { origin: 'http://localhost:3000' }, 'a page in a browser'],
  ['a page without a name', { origin: 'null' }, 'a page in a browser'],
  ...[
    'Forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Server',
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Original-For',
    'X-Envoy-External-Address',
    'X-Amzn-Trace-Id',
    'X-Azure-ClientIP',
  ].map((name): [string, Record<string, string>, string] => [
    `a proxy that writes ${name}`,
    { [name]: '198.51.100.7' },
    `a proxy, says its header ${name.toLowerCase()}`,
  ]),
])('without a token %s is let in or told why not', async (_what, headers, why) => {
  const port = await guarded()
  const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers }, async (response) => {
      resolve({ status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() })
    }).on('error', reject)
  })
  expect(answer.status).toBe(why === null ? 200 : 403)
  expect(answer.body).toContain(why === null ? 'welcome' : why)
})

test('without a token a proxy that only speaks HTTP/1.0 is refused', async () => {
  const port = await guarded()
  const socket = connect(port, '127.0.0.1')
  socket.end('GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
  const text = Buffer.concat(await socket.toArray()).toString()
  expect(text).toMatch(/^HTTP\/1\.1 403 /)
  expect(text).toContain('HTTP/1.0')
})
