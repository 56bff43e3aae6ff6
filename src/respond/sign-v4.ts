import { createHash, createHmac } from 'node:crypto'

/** A request as it will be sent, and who signs it for what. */
export interface SigningWish {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly service: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of credentials that end by themselves. */
  readonly sessionToken?: string
  /** Epoch milliseconds. */
  readonly at: number
}

const algorithm = 'AWS4-HMAC-SHA256'

/**
 * The headers that AWS Signature Version 4 adds to a request; every header that is given is signed, with `host`. S3 also gets the body's
 * digest, and its path is encoded once, that of other services twice
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function signV4(wish: SigningWish): Readonly<Record<string, string>> {
  const { method, url, body, service, region, at } = wish
  const stamp = new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const bodyDigest = digest(body)
  const added = {
    'x-amz-date': stamp,
    ...(service === 's3' ? { 'x-amz-content-sha256': bodyDigest } : {}),
    ...(wish.sessionToken === undefined ? {} : { 'x-amz-security-token': wish.sessionToken }),
  }
  const signed = Object.entries({ ...wish.headers, ...added, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => order(a, b))
  const names = signed.map(([name]) => name).join(';')
  const headers = signed.map(([name, value]) => `${name}:${value}\n`).join('')
  const request = [method, pathOf(url, service), queryOf(url), headers, names, bodyDigest].join('\n')
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`
  const text = [algorithm, stamp, scope, digest(request)].join('\n')
  const key = [region, service, 'aws4_request'].reduce(
    (secret, part) => hmac(secret, part),
    hmac(`AWS4${wish.secretAccessKey}`, stamp.slice(0, 8)),
  )
  const signature = hmac(key, text).toString('hex')
  const authorization = `${algorithm} Credential=${wish.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...added, authorization }
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Everything but letters, digits and `-._~` in percent form (RFC 3986). */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

function pathOf(url: URL, service: string): string {
  const once = url.pathname.split('/').map((part) => encoded(decodeURIComponent(part)))
  return (service === 's3' ? once : once.map(encoded)).join('/')
}

function queryOf(url: URL): string {
  const parts = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '')
  return parts
    .map((part) => {
      const at = part.indexOf('=')
      const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
      return [encoded(decodeURIComponent(name)), encoded(decodeURIComponent(value))] as const
    })
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
