import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { GatheringSocket } from '../../src/store/gathering-socket.ts'

async function connected() {
  const heard: string[] = []
  const server = createServer((peer) => peer.on('data', (data) => heard.push(data.toString()))).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const socket = new GatheringSocket()
  onTestFinished(() => void socket.destroy())
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return { socket, heard: () => heard.join('') }
}

test('what is written in one turn, also after what is awaited in between, is held back and sent together', async () => {
  const { socket, heard } = await connected()
  socket.write('a')
  socket.cork()
  socket.write('b')
  socket.uncork()
  await Promise.resolve()
  socket.write('c')
  expect(socket.writableLength).toBe(3)
  await turn()
  expect(socket.writableLength).toBe(0)
  socket.write('d')
  await expect.poll(heard).toBe('abcd')
})
