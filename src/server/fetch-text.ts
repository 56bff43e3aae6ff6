const timeoutMs = 5000
const maxBytes = 200_000
const keptMs = 3_600_000
const maxKept = 100
/** Forged deliveries may name any number of certificates: what is fetched for them at once is bounded. */
const maxUnderWay = 8

/** What fetching works with; `fetch` is the platform's unless told. */
export interface FetchParts {
  readonly clock: () => number
  readonly fetch?: typeof globalThis.fetch
}

/**
 * Fetches small texts (certificates, key sets) by https, without redirects, never reading more than 200 kB, and keeps
 * them for an hour. Callers that want the same text at the same time share one request. Rejects with what happened.
 */
export function createFetchText(parts: FetchParts): (url: string) => Promise<string> {
  const kept = new Map<string, { readonly text: string; readonly until: number }>()
  const underWay = new Map<string, Promise<string>>()
  return (url) => {
    const known = kept.get(url)
    if (known !== undefined && known.until > parts.clock()) return Promise.resolve(known.text)
    const running = underWay.get(url)
    if (running !== undefined) return running
    if (underWay.size >= maxUnderWay) return Promise.reject(new Error('too much is being fetched'))
    const started = fetchText(url, parts.fetch ?? fetch)
      .then((text) => {
        if (kept.size >= maxKept) kept.clear()
        kept.set(url, { text, until: parts.clock() + keptMs })
        return text
      })
      .finally(() => underWay.delete(url))
    underWay.set(url, started)
    return started
  }
}

async function fetchText(url: string, get: typeof globalThis.fetch): Promise<string> {
  if (!url.startsWith('https://')) throw new Error('only https is fetched')
  const response = await get(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${new URL(url).hostname} answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels the rest of the answer.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
