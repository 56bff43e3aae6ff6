import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isEgressRefusal, publicLookup } from './egress.ts'

/** What goes over the wire. */
export interface VendorRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly timeoutMs: number
  readonly privateAllowed: boolean
  /** Whether it may go over a connection that is open: the vendor may have closed it meanwhile, and then nobody knows whether it came. */
  readonly mayReuse: boolean
}

/** What came back: an answer; `unsent`: certainly nothing was asked; `lost`: it may have been. */
export type VendorAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | null; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unsent'; readonly why: string }
  | { readonly kind: 'lost'; readonly why: string }

const maxAnswerBytes = 1_048_576

/** Connections are kept for bursts, for less than servers keep them. Those that may lead to private addresses are apart. */
const kept = { keepAlive: true, timeout: 2000, maxFreeSockets: 96 }
const agents = {
  'http:': new HttpAgent(kept),
  'https:': new HttpsAgent(kept),
  'https: anywhere': new HttpsAgent(kept),
}

function agentFor({ url, privateAllowed, mayReuse }: VendorRequest): HttpAgent | false {
  if (!mayReuse) return false
  // Without https only private addresses are reached.
  if (url.protocol !== 'https:') return privateAllowed ? agents['http:'] : false
  return agents[privateAllowed ? 'https: anywhere' : 'https:']
}

/** Makes one HTTP request. No redirect is followed, at most 1 MiB is read, and the whole of it ends after `timeoutMs`. */
export function callVendor(wanted: VendorRequest): Promise<VendorAnswer> {
  const { url, method, privateAllowed } = wanted
  return new Promise((resolve) => {
    let sent = false
    const gone = (why: string): VendorAnswer => ({ kind: sent ? 'lost' : 'unsent', why })
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    const call = request(
      url,
      {
        method,
        headers: {
          ...wanted.headers,
          ...(wanted.body === null ? {} : { 'content-length': String(Buffer.byteLength(wanted.body)) }),
        },
        agent: agentFor(wanted),
        ...(privateAllowed ? {} : { lookup: publicLookup }),
      },
      (response) => {
        read(response).then(
          (text) => end({ kind: 'answer', status: response.statusCode ?? 0, retryAfter: header(response), text }),
          (error: Error) => end({ kind: 'lost', why: error.message }),
        )
      },
    )
    const timer = setTimeout(() => {
      end(gone(`no answer within ${wanted.timeoutMs} ms`))
    }, wanted.timeoutMs)
    const end = (answer: VendorAnswer) => {
      clearTimeout(timer)
      resolve(answer)
      // After a whole answer the connection is closed, or kept, by who opened it.
      if (answer.kind !== 'answer') call.destroy()
    }
    call.on('socket', (socket) => {
      if (call.reusedSocket) {
        sent = true
        return
      }
      const isOpen = url.protocol === 'https:' ? 'secureConnect' : 'connect'
      socket.once(isOpen, () => {
        sent = true
      })
    })
    call.on('error', (error: Error) =>
      end(isEgressRefusal(error) ? { kind: 'refused', why: error.message } : gone(error.message)),
    )
    call.end(wanted.body ?? undefined)
  })
}

const header = (response: IncomingMessage) => response.headers['retry-after'] ?? null

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
