import { alertRecord } from '../bench/events.ts'

/** What a load of alerts over HTTP came to. */
export interface Load {
  readonly acknowledged: number
  readonly refused: number
}

/**
 * Posts `count` different alerts, each until it is acknowledged, while the server may go away and come back. `url` is
 * asked before each attempt: the server has another port after each restart.
 */
export async function postUntilAcknowledged(
  url: () => string,
  count: number,
  options: { parallel: number; deadlineMs: number },
): Promise<Load> {
  let next = 0
  let acknowledged = 0
  let refused = 0
  const deadline = Date.now() + options.deadlineMs
  const sender = async () => {
    while (next < count) {
      const body = alertRecord(next++, 200)
      for (;;) {
        if (Date.now() > deadline) throw new Error(`only ${acknowledged} of ${count} were acknowledged in time`)
        const status = await fetch(`${url()}/in/wazuh`, {
          method: 'POST',
          headers: { 'x-api-key': 'fault-test' },
          body,
          signal: AbortSignal.timeout(5000),
        })
          .then(async (response) => {
            await response.arrayBuffer()
            return response.status
          })
          .catch(() => 0)
        if (status === 202) break
        refused++
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      acknowledged++
    }
  }
  await Promise.all(Array.from({ length: options.parallel }, sender))
  return { acknowledged, refused }
}
