import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the stand-in answers one call: a status, or something worse. `lost`: it does what it was asked and hangs up. */
export type Answer = number | 'garbage' | 'never' | 'lost' | 'refused' | 'huge' | 'redirect' | 'xml'

/** A vendor on loopback that counts what it was asked and what it has done. */
export interface Vendor {
  readonly url: string
  /** Requests in the order in which they came: `POST /lock/user17 key`. */
  readonly calls: string[]
  /** What was done to whom, how often. */
  readonly done: Map<string, number>
  /** Answers to the next calls; 200 once there are no more. Confirming requests do not use them up. */
  readonly answers: Answer[]
  /** Called before a request is done; while it waits the vendor is late. */
  before: (call: string) => void | Promise<void>
  after: (call: string) => void | Promise<void>
  retryAfter: string
  stop(): Promise<void>
}

export async function startVendor(): Promise<Vendor> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const vendor: Vendor = {
    url: `http://127.0.0.1:${port}`,
    calls: [],
    done: new Map(),
    answers: [],
    before: () => {},
    after: () => {},
    retryAfter: '2',
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const keys = new Set<string>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const { method = '', url = '' } = request
    const key = String(request.headers['idempotency-key'] ?? '')
    const call = `${method} ${url}`
    vendor.calls.push(call)
    const [, verb = '', whom = ''] = url.split('/')
    if (verb === 'state') {
      const locked = (vendor.done.get(`lock ${whom}`) ?? 0) > (vendor.done.get(`unlock ${whom}`) ?? 0)
      return send(response, 200, { locked, stamped: vendor.done.has(`stamp ${whom}`) })
    }
    if (verb === 'done') return send(response, 200, { n: vendor.done.get(`${whom} ${url.split('/')[3]}`) ?? 0 })
    const how = vendor.answers.shift() ?? 200
    if (verb === 'fail') await vendor.before(call)
    if (how === 'never') return
    if (how === 'refused') return void response.destroy()
    if (how === 'redirect') return void response.writeHead(302, { location: `${vendor.url}/lock/elsewhere` }).end()
    if (verb === 'fail') return send(response, 400, { error: 'never' })
    if (typeof how === 'number' && how >= 400) {
      response.setHeader('retry-after', vendor.retryAfter)
      return send(response, how, { error: how })
    }
    await vendor.before(call)
    if (key === '' || !keys.has(key)) vendor.done.set(`${verb} ${whom}`, (vendor.done.get(`${verb} ${whom}`) ?? 0) + 1)
    if (key !== '') keys.add(key)
    await vendor.after(call)
    if (how === 'lost') return void response.destroy()
    if (how === 'garbage') return void response.writeHead(200).end('<html>welcome to the hotel</html>')
    if (how === 'huge') return void response.writeHead(200).end('x'.repeat(2_000_000))
    if (how === 'xml')
      return void response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(`<Answer><Who>${request.headers.accept}</Who></Answer>`)
    send(response, how as number, {
      level: 7,
      token: 'top-secret',
      extra: 'not declared',
      authorization: request.headers.authorization,
    })
  }
  return vendor
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const user = 'input: { type: object, required: [user], properties: { user: { type: string, maxLength: 60 } } }'

/** The stand-in's manifest, as a file of a bundle. */
export const vendorManifest = {
  'integrations/vendor/integration.yaml': `id: vendor
title: Vendor
docs: https://vendor.example.com/
connection:
  baseUrl: "{{ config.url }}"
  secrets: [vendor-token]
  auth: { header: authorization, value: "Bearer {{ secret.vendor-token }}" }
actions:
  - id: lock
    title: Lock, with a key and a way to look
    effect: destructive
    target: user
    idempotent: true
    ${user}
    request: { method: POST, path: "/lock/{{ user }}", headers: { idempotency-key: "{{ effect.id }}" } }
    rollback: { method: POST, path: "/unlock/{{ user }}", headers: { idempotency-key: "{{ effect.id }}" } }
    confirm: { method: GET, path: "/state/{{ user }}", done: { body.locked: true } }
  - id: unlock
    title: Unlock, with a key and a way to look
    effect: destructive
    target: user
    idempotent: true
    ${user}
    request: { method: POST, path: "/unlock/{{ user }}", headers: { idempotency-key: "{{ effect.id }}" } }
    irreversible: it is open again
    confirm: { method: GET, path: "/state/{{ user }}", done: { body.locked: false } }
  - id: fail
    title: Fail, always
    effect: destructive
    target: user
    idempotent: true
    ${user}
    request: { method: POST, path: "/fail/{{ user }}" }
    irreversible: nothing was done
  - id: stamp
    title: Stamp, with a way to look, and not to be repeated
    effect: destructive
    target: user
    ${user}
    request: { method: POST, path: "/stamp/{{ user }}" }
    irreversible: ink stays
    confirm: { method: GET, path: "/state/{{ user }}", done: { body.stamped: true } }
  - id: wipe
    title: Wipe, without either
    effect: destructive
    target: user
    ${user}
    request: { method: POST, path: "/wipe/{{ user }}" }
    irreversible: it is gone
  - id: look
    title: Look somebody up
    effect: read
    target: user
    ${user}
    output: { type: object, required: [level], properties: { level: { type: integer }, token: { type: string, x-secret: true } } }
    request: { method: GET, path: "/look/{{ user }}" }
  - id: who
    title: Look somebody up, in XML
    effect: read
    target: user
    ${user}
    response: { format: xml, at: /Answer }
    output: { type: object, required: [Who], properties: { Who: { type: string } } }
    request: { method: GET, path: "/who/{{ user }}" }
`,
}
