import { createHmac, randomUUID } from 'node:crypto'

/** Any object of GitHub's API: tests reach into it by name. */
export type Doc = Record<string, unknown>

/** A webhook as it is delivered. */
export interface Delivery {
  readonly id: string
  readonly event: string
  readonly payload: Doc
}

/** What the app answered to a delivery; status 0 = it could not be reached. */
export interface Delivered extends Delivery {
  readonly status: number
}

/** Delivers webhooks to the app one by one, each signed and with an id of its own, as GitHub does. */
export interface Relay {
  /** Everything that was delivered, with the answers. */
  readonly delivered: readonly Delivered[]
  /** Where deliveries go; null = they wait. */
  target(url: string | null): void
  /** Deliveries wait from now on, until `release`. */
  hold(): void
  release(): void
  /** Takes the waiting deliveries away: they are lost unless they are handed to `deliver`. */
  take(): readonly Delivery[]
  /** Delivers one now, again under the same id if it was delivered before; with another secret it is forged. */
  deliver(delivery: Delivery, secret?: string): Promise<number>
  enqueue(event: string, payload: Promise<Doc>): void
  /** Resolves when nothing is on its way any more; what is held does not count. */
  idle(): Promise<void>
}

/** The headers of a delivery, with the signature over exactly these bytes. */
export function deliveryHeaders(delivery: Pick<Delivery, 'id' | 'event'>, body: string, secret: string) {
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/test',
    'x-github-event': delivery.event,
    'x-github-delivery': delivery.id,
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
}

export function createRelay(secret: string): Relay {
  const delivered: Delivered[] = []
  const waiting: Delivery[] = []
  let url: string | null = null
  let isHeld = false
  let collecting: Promise<void> = Promise.resolve()
  let sending: Promise<void> = Promise.resolve()
  let isSending = false

  const deliver = async (delivery: Delivery, key = secret): Promise<number> => {
    const body = JSON.stringify(delivery.payload)
    const status = await fetch(url ?? '', {
      method: 'POST',
      headers: deliveryHeaders(delivery, body, key),
      body,
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    delivered.push({ ...delivery, status })
    return status
  }
  const send = async () => {
    isSending = true
    for (let next = waiting[0]; next !== undefined && !isHeld && url !== null; next = waiting[0]) {
      waiting.shift()
      await deliver(next)
    }
    isSending = false
  }
  const pump = () => {
    if (!isSending) sending = send()
  }
  return {
    delivered,
    target(to) {
      url = to
      pump()
    },
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
      pump()
    },
    take: () => waiting.splice(0),
    deliver,
    enqueue(event, payload) {
      collecting = collecting.then(async () => {
        waiting.push({ id: randomUUID(), event, payload: await payload })
        pump()
      })
    },
    async idle() {
      for (;;) {
        const before = collecting
        await before
        await sending
        if (before === collecting && !isSending) return
      }
    },
  }
}
