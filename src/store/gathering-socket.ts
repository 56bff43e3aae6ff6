import { Socket } from 'node:net'

type Called = (error?: Error | null) => void

/**
 * A socket that gathers what is written in one turn of the event loop and sends it together: statements that follow one
 * another without waiting are one system call and one packet, not one each. Over TLS what is written goes another way.
 */
export class GatheringSocket extends Socket {
  #isGathering = false

  constructor() {
    super()
    // Connecting puts Socket's own `write` onto the socket itself (lib/net.js of Node), before ours.
    this.once('connect', () => Reflect.deleteProperty(this, 'write'))
  }

  override write(chunk: string | Uint8Array, next?: BufferEncoding | Called, last?: Called): boolean {
    this.#gather()
    return typeof next === 'string' && typeof chunk === 'string'
      ? super.write(chunk, next, last)
      : super.write(chunk, typeof next === 'function' ? next : last)
  }

  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.cork()
    process.nextTick(() => {
      this.#isGathering = false
      this.uncork()
    })
  }
}
