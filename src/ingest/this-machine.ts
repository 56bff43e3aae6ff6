import type { IncomingMessage } from 'node:http'

/** What proxies and content networks write into requests that they pass on, by the names that their documentation gives. */
const ofProxies =
  /^(forwarded|via|x-forwarded(-[a-z-]+)?|x-real-ip|(x-|true-|x-cluster-)?client-ip|x-original-[a-z-]+|x-envoy-[a-z-]+|x-amzn-trace-id|cdn-loop|cf-[a-z-]+|fastly-[a-z-]+|x-azure-[a-z-]+|x-arr-[a-z-]+)$/

/**
 * Why a request to a server that is bound to loopback does not count as one of a program on the same machine; null when it does.
 * A page in a browser is told by its origin, or by a name that was bound to this machine; a proxy by what it adds, or by HTTP/1.0,
 * with which nginx passes on by default (proxy_http_version, until 1.29.6). A proxy that rewrites the host and shows itself by nothing
 * cannot be told from a program: behind one belongs a token.
 */
export function comesFromElsewhere(request: Pick<IncomingMessage, 'headers' | 'httpVersion'>): string | null {
  const { headers, httpVersion } = request
  const host = (headers.host ?? '').replace(/:\d{1,5}$/, '')
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)) return 'it was sent to a name that is not this machine'
  if (headers.origin !== undefined) return 'it came from a page in a browser'
  const sign = Object.keys(headers).find((name) => ofProxies.test(name))
  if (sign !== undefined) return `it came through a proxy, says its header ${sign.slice(0, 40)}`
  return httpVersion === '1.0' ? 'it came by HTTP/1.0, as proxies pass on' : null
}
