import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { callVendor } from '../../src/respond/call-vendor.ts'

/** A server that counts its connections, and calls to it one after the other. */
async function vendor(answer: RequestListener) {
  const server = createServer(answer)
  let connections = 0
  server.on('connection', () => connections++)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const call = (mayReuse: boolean) =>
    callVendor({ method: 'POST', url, headers: {}, body: 'x', timeoutMs: 5000, privateAllowed: true, mayReuse })
  return { call, connections: () => connections }
}

test('calls that may be made again share a connection, the others have one each', async () => {
  const { call, connections } = await vendor((request, response) =>
    request.resume().on('end', () => response.end('ok')),
  )
  for (let n = 0; n < 3; n++) expect(await call(true)).toMatchObject({ kind: 'answer', status: 200, text: 'ok' })
  expect(connections()).toBe(1)
  for (let n = 0; n < 3; n++) expect(await call(false)).toMatchObject({ kind: 'answer' })
  expect(connections()).toBe(4)
})

test('of a call over a kept connection that is cut off nobody knows whether it came', async () => {
  let calls = 0
  const { call, connections } = await vendor((request, response) => {
    if (++calls === 2) request.socket.destroy()
    else request.resume().on('end', () => response.end())
  })
  expect(await call(true)).toMatchObject({ kind: 'answer' })
  expect(await call(true)).toMatchObject({ kind: 'lost' })
  expect(connections()).toBe(1)
  expect(await call(true)).toMatchObject({ kind: 'answer' })
  expect(connections()).toBe(2)
})

test('an answer that is too large takes its connection with it', async () => {
  let calls = 0
  const { call, connections } = await vendor((request, response) => {
    request.resume()
    response.end(++calls === 1 ? 'x'.repeat(2_000_000) : 'ok')
  })
  expect(await call(true)).toMatchObject({ kind: 'lost' })
  expect(await call(true)).toMatchObject({ kind: 'answer' })
  expect(connections()).toBe(2)
})

test.each([
  ['in one packet', 0],
  ['a little later', 30],
])("a vendor that answers twice, %s: the second answer is nobody's, and its connection is left", async (_, gapMs) => {
  let calls = 0
  let connections = 0
  const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  const server = createTcpServer((socket) => {
    connections++
    socket.on('data', async () => {
      const first = answer(`answer ${++calls}`)
      if (gapMs === 0) return socket.write(first + answer('once more'))
      socket.write(first)
      await wait(gapMs)
      return socket.write(answer('once more'))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const wanted = { method: 'POST', headers: {}, body: 'x', timeoutMs: 5000, privateAllowed: true, mayReuse: true }
  for (const text of ['answer 1', 'answer 2', 'answer 3']) {
    expect(await callVendor({ ...wanted, url })).toMatchObject({ kind: 'answer', text })
    await wait(3 * gapMs)
  }
  expect(connections).toBe(3)
})
