import { createHmac, createSign, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** Headers as a sender would set them. */
export type Headers = Record<string, string>

/** A secret that exists only in this run. */
export const makeSecret = () => randomBytes(24).toString('hex')

/** HMAC of a text or bytes. */
export const hmac = (
  secret: string | Buffer,
  data: string | Buffer,
  encoding: 'hex' | 'base64' = 'hex',
  algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256',
) => createHmac(algorithm, secret).update(data).digest(encoding)

/** A sender of Standard Webhooks with an HMAC secret (v1). */
export function standardSender() {
  const key = randomBytes(32)
  return {
    secret: `whsec_${key.toString('base64')}`,
    headers(body: Buffer, at: number, id = `msg_${at}`): Headers {
      const timestamp = String(Math.floor(at / 1000))
      const signature = createHmac('sha256', key)
        .update(Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]))
        .digest('base64')
      return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
    },
  }
}

/** A sender of Standard Webhooks with an Ed25519 key (v1a). */
export function standardKeySender() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    secret: `whpk_${raw.toString('base64')}`,
    headers(body: Buffer, at: number, id = `msg_${at}`): Headers {
      const timestamp = String(Math.floor(at / 1000))
      const signature = sign(null, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]), privateKey)
      return {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1a,${signature.toString('base64')}`,
      }
    },
  }
}

export const snsTopic = 'arn:aws:sns:eu-central-1:111122223333:findings'
export const snsCertificateUrl = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem'

type SnsMessage = Record<string, string>

/** Amazon SNS with a key of its own; `certificate` is what its URL would answer. */
export function snsSender() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signed = (message: SnsMessage, names: readonly string[], version: '1' | '2', key: KeyObject = privateKey) => {
    const text = names
      .filter((name) => Object.hasOwn(message, name))
      .map((name) => `${name}\n${message[name]}\n`)
      .join('')
    const Signature = createSign(version === '2' ? 'RSA-SHA256' : 'RSA-SHA1')
      .update(text, 'utf8')
      .sign(key, 'base64')
    return { ...message, SignatureVersion: version, Signature, SigningCertURL: snsCertificateUrl }
  }
  const common = (at: number) => ({
    MessageId: 'b1f1c9a0-0000-4000-8000-000000000001',
    TopicArn: snsTopic,
    Timestamp: new Date(at).toISOString(),
  })
  return {
    certificate: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    notification(message: string, at: number, options: { version?: '1' | '2'; subject?: string } = {}): SnsMessage {
      const subject = options.subject === undefined ? {} : { Subject: options.subject }
      return signed(
        { Type: 'Notification', Message: message, ...common(at), ...subject },
        ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
        options.version ?? '2',
      )
    },
    confirmation(at: number, subscribeUrl: string): SnsMessage {
      return signed(
        {
          Type: 'SubscriptionConfirmation',
          Message: 'confirm',
          Token: 't-1',
          SubscribeURL: subscribeUrl,
          ...common(at),
        },
        ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
        '2',
      )
    },
  }
}

/** An OpenID provider: signs tokens, and publishes its keys as `jwks`. */
export async function oidcProvider(issuer: string) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    async token(at: number, audience: string, claims: JWTPayload = {}, ttlSeconds = 3600): Promise<string> {
      const seconds = Math.floor(at / 1000)
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + ttlSeconds)
        .sign(privateKey)
    },
  }
}
