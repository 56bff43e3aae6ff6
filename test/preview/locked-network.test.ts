import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { findClosures } from '../../src/preview/closures.ts'
import { emptyNetwork } from '../../src/preview/empty-network.ts'
import { lockedOptions, startLocked } from '../../src/preview/locked-process.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'gitsoc-locked-'))
let server: Server
let callers = 0
beforeAll(async () => {
  server = createServer((socket) => {
    callers++
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const port = () => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A program of an attacker; it says of each attempt `through`, or the code of the refusal. */
const program = (...attempts: readonly string[]) => `
const connected = (socket) => new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
const attempts = [${attempts.map((one) => `async () => { ${one} }`).join()}]
const said = []
for (const attempt of attempts)
  await attempt().then(() => said.push('through'), (error) => said.push(error.code ?? error.cause?.code ?? error.message))
process.stdout.write(JSON.stringify(said))`

/** As plans are made: with everything closed that can be. */
async function locked(...attempts: readonly string[]): Promise<readonly string[]> {
  const path = join(folder, 'spy.mjs')
  writeFileSync(path, program(...attempts))
  const child = startLocked(pathToFileURL(path).href, [path], { timeoutMs: 30_000, memoryMb: 128 })
  child.close()
  return JSON.parse(await text(child.out))
}

/** With one closure alone: options of Node, or the words before the command. */
async function run(
  words: readonly string[],
  options: readonly string[],
  ...attempts: readonly string[]
): Promise<readonly string[]> {
  const [command = '', ...args] = [
    ...[...words, process.execPath, ...options],
    ...['--input-type=module', '-e', program(...attempts)],
  ]
  const child = spawn(command, args, { env: {}, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.end()
  return JSON.parse(await text(child.stdout))
}

const ways = (at: number): readonly (readonly [name: string, attempt: string])[] => [
  ['net', `await connected((await import('node:net')).connect(${at}, '127.0.0.1'))`],
  ['the socket of its input', `await connected(new process.stdin.constructor().connect(${at}, '127.0.0.1'))`],
  ['fetch', `await fetch('http://127.0.0.1:${at}/')`],
  [
    'WebSocket',
    `await new Promise((yes, no) => { const one = new WebSocket('ws://127.0.0.1:${at}'); one.onopen = yes; one.onerror = no })`,
  ],
  ['http', `(await import('node:http')).get('http://127.0.0.1:${at}/')`],
  ['https', `(await import('node:https')).get('https://127.0.0.1:${at}/')`],
  ['http2', `(await import('node:http2')).connect('http://127.0.0.1:${at}/')`],
  ['tls', `(await import('node:tls')).connect(${at}, '127.0.0.1')`],
  ['dgram', `(await import('node:dgram')).createSocket('udp4')`],
  ['names', `await (await import('node:dns/promises')).lookup('localhost')`],
  ['a module by its old name', `(await import('node:module')).createRequire(import.meta.url)('http')`],
  ['the loader of modules', `(await import('node:module')).default._load('http')`],
  ['hooks of its own', `(await import('node:module')).registerHooks({})`],
  ['a builtin', `process.getBuiltinModule('http')`],
  ['a binding', `process.binding('tcp_wrap')`],
  ['a server', `new (await import('node:net')).Server().listen(0)`],
  ['another program in its place', `process.execve('/bin/true')`],
  ['a signal', `process.kill(process.ppid, 0)`],
  ['the inspector', `(await import('node:inspector')).open(0)`],
]

test.each([
  ['a locked process', locked],
  ['one with refused modules alone', (...all: readonly string[]) => run([], lockedOptions([], 128), ...all)],
])('no way to the network is open to %s, and nobody was called', async (_name, attempt) => {
  callers = 0
  const all = ways(port())
  const said = await attempt(...all.map(([, way]) => way))
  expect(all.map(([name], index) => [name, said[index]])).toEqual(all.map(([name]) => [name, 'ERR_ACCESS_DENIED']))
  expect(callers).toBe(0)
})

describe.skipIf(emptyNetwork() === null)('a network of its own', () => {
  test.each(['net', 'the socket of its input', 'fetch'])('holds alone against %s', async (name) => {
    const attempt = ways(port()).find(([one]) => one === name)?.[1] ?? ''
    callers = 0
    expect(await run([], [], attempt)).toEqual(['through'])
    expect(callers).toBe(1)
    expect(await run(emptyNetwork() ?? [], [], attempt)).toEqual(['ENETUNREACH'])
    expect(callers).toBe(1)
  })

  test('resolves no name', async () => {
    const attempt = `await (await import('node:dns/promises')).resolve('example.com')`
    expect((await run(emptyNetwork() ?? [], [], attempt))[0]).toMatch(/ECONNREFUSED|ETIMEOUT|EAI_AGAIN/)
  })
})

test('a locked process sees no secret and writes nothing', async () => {
  vi.stubEnv('GITSOC_SECRET_SPY', 'hunter2')
  onTestFinished(() => void vi.unstubAllEnvs())
  const path = join(folder, 'written')
  const said = await locked(
    'throw new Error(JSON.stringify(process.env))',
    `(await import('node:fs')).readFileSync('/proc/' + process.ppid + '/environ')`,
    `(await import('node:fs')).writeFileSync(${JSON.stringify(path)}, 'x')`,
    `(await import('node:child_process')).execSync('true')`,
    `new (await import('node:worker_threads')).Worker('0', { eval: true })`,
  )
  expect(said).toEqual(['{}', ...Array.from({ length: 4 }, () => 'ERR_ACCESS_DENIED')])
  expect(existsSync(path)).toBe(false)
})

test('a process that is not locked is found out before it is told anything', async () => {
  vi.stubEnv('GITSOC_SECRET_SPY', 'hunter2')
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(findClosures()).rejects.toThrow('the environment, fs.write, child, worker, the network')
})

const endOf = (attempt: string, limits: { timeoutMs: number; memoryMb: number }) => {
  const path = join(folder, 'greedy.mjs')
  writeFileSync(path, program(attempt))
  const child = startLocked(pathToFileURL(path).href, [path], limits)
  child.close()
  child.out.resume()
  return child.ended
}

test('a locked process that takes too long or too much is ended and says why', async () => {
  expect(await endOf('for (;;);', { timeoutMs: 1500, memoryMb: 64 })).toBe('it took longer than 2 seconds')
  expect(
    await endOf(`const kept = []; for (;;) kept.push(Array.from({ length: 1e5 }, () => ({})))`, {
      timeoutMs: 50_000,
      memoryMb: 64,
    }),
  ).toBe('it needs more than 64 MB of memory')
})

test.skipIf(process.platform !== 'linux')('memory outside of the heap counts too', async () => {
  const attempt = `const kept = []; for (;;) { kept.push(Buffer.alloc(16e6, 1)); await new Promise((resolve) => setTimeout(resolve, 10)) }`
  expect(await endOf(attempt, { timeoutMs: 50_000, memoryMb: 64 })).toBe('it needs more than 64 MB of memory')
})
