import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createInbox,
  type Inbox,
  type NewDelivery,
  nextDeliveries,
  Overloaded,
  type SyslogParts,
  startSyslog,
} from '../../src/ingest/index.ts'
import { createFrames } from '../../src/ingest/syslog-frames.ts'
import { testStore } from '../support/store.ts'

const messagesOf = (maxBytes: number, ...parts: readonly (string | Buffer)[]) => {
  const frames = createFrames(maxBytes)
  return [...parts.flatMap((part) => frames.push(Buffer.from(part))), ...frames.end()].map(
    ({ message, cut }) => `${message.toString()}${cut ? '…' : ''}`,
  )
}

describe('frames', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['lines', '<34>a\n<35>b\n', ['<34>a', '<35>b']],
    ['a last line without end', '<34>a\n<35>b', ['<34>a', '<35>b']],
    ['octet counting', '5 <34>a5 <35>b', ['<34>a', '<35>b']],
    ['octet counting with line breaks inside', '8 <34>a\nb\n5 <35>b', ['<34>a\nb\n', '<35>b']],
    ['both in one stream', '5 <34>a<35>b\n5 <36>c', ['<34>a', '<35>b', '<36>c']],
    ['lines that begin with numbers', '2026-05-12 x\n12 May\n0 <34>a\n', ['2026-05-12 x', '12 May', '0 <34>a']],
    ['a number too long to be a count', '123456789 <34>a\n', ['123456789 <34>a']],
    ['JSON lines', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['empty lines', '\n\n<34>a\n\n', ['<34>a']],
    ['a counted message that was cut off', '50 <34>a', ['<34>a…']],
    ['only a count', '50', ['50']],
    ['a line larger than allowed', `${'x'.repeat(100)}\n<35>b\n`, [`${'x'.repeat(64)}…`, '<35>b']],
    ['a counted message larger than allowed', `100 <34>${'x'.repeat(96)}5 <35>b`, [`<34>${'x'.repeat(60)}…`, '<35>b']],
    ['nothing', '', []],
  ])('%s', (_name, text, expected) => {
    expect(messagesOf(64, text)).toEqual(expected)
  })

  test('are the same however the stream is cut into pieces', () => {
    const message = fc.string({ maxLength: 90 }).map((text) => `<34>${text.replaceAll('\n', ' ')}`)
    const framed = fc
      .tuple(message, fc.boolean())
      .map(([text, counted]) => (counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`))
    fc.assert(
      fc.property(fc.array(framed, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 30 }), (parts, sizes) => {
        const bytes = Buffer.from(parts.join(''))
        const cuts: Buffer[] = []
        let at = 0
        for (const size of sizes) {
          cuts.push(bytes.subarray(at, at + size))
          at = Math.min(bytes.length, at + size)
        }
        expect(messagesOf(64, ...cuts, bytes.subarray(at))).toEqual(messagesOf(64, bytes))
      }),
    )
  })

  test('keep no more than a message in memory, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (parts) => {
        const frames = createFrames(64)
        const found = parts.flatMap((part) => frames.push(Buffer.from(part)))
        for (const { message } of [...found, ...frames.end()]) expect(message.length).toBeLessThanOrEqual(64 + 10)
      }),
    )
  })
})

async function syslog(rest: Partial<SyslogParts> = {}) {
  const kept: NewDelivery[] = []
  const counted: Record<string, number> = {}
  const server = await startSyslog({
    inbox: { accept: async (deliveries) => ({ firstSeq: kept.push(...deliveries) }), idle: async () => {} },
    host: '127.0.0.1',
    udpPort: 0,
    tcpPort: 0,
    source: null,
    clock: () => 1000,
    count: (result) => {
      counted[result] = (counted[result] ?? 0) + 1
    },
    ...rest,
  })
  let stopped: Promise<void> | null = null
  const stop = () => {
    stopped ??= server.stop()
    return stopped
  }
  onTestFinished(stop)
  const lines = () => kept.flatMap((one) => Buffer.from(one.body).toString().split('\n').slice(0, -1))
  const dial = () =>
    new Promise<Socket>((resolve) => {
      const socket = connect(Number(server.tcpPort), '127.0.0.1', () => resolve(socket))
      socket.on('error', () => {})
    })
  return { kept, counted, lines, dial, stop, udpPort: Number(server.udpPort) }
}

const send = (port: number, ...messages: readonly (string | Buffer)[]) =>
  new Promise<void>((resolve) => {
    const socket = createSocket('udp4')
    let left = messages.length
    for (const one of messages)
      socket.send(Buffer.from(one), port, '127.0.0.1', () => --left === 0 && socket.close(() => resolve()))
  })

test('lines by TCP and UDP are on disk as one delivery of lines, with transport syslog', async () => {
  const store = await testStore()
  const { dial, udpPort, stop } = await syslog({ inbox: createInbox(store), source: 'syslog' })
  const socket = await dial()
  socket.end('<34>1 2026-05-12T08:00:00Z h a - - - one\n17 <34>two with\nmore<35>three\n')
  await send(udpPort, '<36>four\n\u0000')
  await wait(100)
  await stop()
  const stored = await store.transaction((tx) => nextDeliveries(tx, 0, 10))
  expect(stored).toMatchObject([{ source: 'syslog', transport: 'syslog', contentType: 'text/plain', receivedAt: 1000 }])
  expect(
    Buffer.from(stored[0]?.body ?? '')
      .toString()
      .split('\n')
      .sort(),
  ).toEqual(['', '<34>1 2026-05-12T08:00:00Z h a - - - one', '<34>two with#012more', '<35>three', '<36>four'])
})

test('10,000 lines arrive complete and in order, in deliveries of at most 1,000', async () => {
  const { dial, lines, kept, stop, counted } = await syslog()
  const sent = Array.from({ length: 10_000 }, (_, n) => `<34>line ${n} é`)
  const socket = await dial()
  socket.end(`${sent.join('\n')}\n`)
  await expect.poll(() => lines().length, { timeout: 5000 }).toBe(10_000)
  await stop()
  expect(lines()).toEqual(sent)
  expect(Math.max(...kept.map((one) => Buffer.from(one.body).toString().split('\n').length - 1))).toBeLessThanOrEqual(
    1000,
  )
  expect(counted).toEqual({ accepted: 10_000 })
})

test('bytes that are no text are kept as they came', async () => {
  const { udpPort, kept } = await syslog()
  const bytes = Buffer.from([0x3c, 0x31, 0x3e, 0xff, 0x00, 0x80])
  await send(udpPort, bytes)
  await expect.poll(() => kept.length).toBe(1)
  expect(Buffer.from(kept[0]?.body ?? '')).toEqual(Buffer.concat([bytes, Buffer.from('\n')]))
})

test('while the inbox refuses, senders by TCP wait and nothing of theirs is lost', async () => {
  const kept: NewDelivery[] = []
  let refuses = true
  const inbox: Inbox = {
    accept: async (deliveries) => {
      if (refuses) throw new Overloaded('full', 1)
      return { firstSeq: kept.push(...deliveries) }
    },
    idle: async () => {},
  }
  const { dial, counted, stop } = await syslog({ inbox, limits: { bufferBytes: 400_000 } })
  const socket = await dial()
  const sent = Array.from({ length: 60_000 }, (_, n) => `<34>${n} ${'x'.repeat(200)}`)
  socket.end(`${sent.join('\n')}\n`)
  await wait(300)
  expect(kept).toEqual([])
  const before = counted.accepted ?? 0
  expect(before).toBeLessThan(10_000)
  refuses = false
  const lines = () => kept.reduce((sum, one) => sum + Buffer.from(one.body).toString().split('\n').length - 1, 0)
  await expect.poll(lines, { timeout: 15_000 }).toBe(60_000)
  await stop()
  expect(counted.lost).toBeUndefined()
})

test('datagrams for which there is no room are counted as lost', async () => {
  const { udpPort, counted } = await syslog({
    inbox: { accept: () => Promise.reject(new Overloaded('full', 1)), idle: async () => {} },
    limits: { bufferBytes: 2000, stopMs: 0 },
  })
  await send(udpPort, ...Array.from({ length: 20 }, () => `<34>${'x'.repeat(300)}`))
  await expect.poll(() => (counted.accepted ?? 0) + (counted.lost ?? 0)).toBe(20)
  expect(counted.lost).toBeGreaterThan(10)
})

test('messages larger than allowed are cut and counted', async () => {
  const { dial, udpPort, lines, counted } = await syslog({ limits: { messageBytes: 100 } })
  await send(udpPort, `<34>${'u'.repeat(200)}`)
  const socket = await dial()
  socket.end(`<34>${'t'.repeat(1_000_000)}\n<35>next\n`)
  await expect.poll(() => lines().length).toBe(3)
  expect(
    lines()
      .map((one) => one.length)
      .sort(),
  ).toEqual([100, 100, 8].sort())
  expect(counted).toMatchObject({ accepted: 3, cut: 2 })
})

test('connections past the limit are refused, and quiet ones are ended', async () => {
  const { dial, counted } = await syslog({ limits: { connections: 2, idleMs: 300 } })
  const sockets = [await dial(), await dial(), await dial()]
  const closed = sockets.map((socket) => new Promise((resolve) => socket.resume().on('close', resolve)))
  await closed[2]
  expect(counted['too-many-connections']).toBe(1)
  await Promise.all(closed)
})

test('a port that is taken is an error when it starts, and leaves no other port open', async () => {
  const { udpPort } = await syslog()
  await expect(syslog({ udpPort })).rejects.toThrow('EADDRINUSE')
})
