import { createVerify } from 'node:crypto'
import { isObject, type Json } from '../../core/model/index.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

const hostForm = /^sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?$/
const certificatePath = /^\/SimpleNotificationService-[0-9a-f]{1,64}\.pem$/
/** SNS gives up on an HTTPS endpoint after an hour of waiting between retries, a hard limit; the attempts themselves come on top. */
const maxAgeMs = 2 * 3_600_000
const maxSkewMs = 300_000
const notification = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const confirmation = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/**
 * Amazon SNS messages: signature version 1 (SHA-1) or 2 (SHA-256) over named fields, by a certificate from an Amazon
 * SNS host, for a topic of the configuration's `topicArns`, not older than two hours. A message that is sent again
 * within that time is taken again and ends as a duplicate: events are known by what they are, not by their envelope.
 * The retry limit: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html (the 23 days there are
 * for SQS and Lambda).
 */
export const verifyAwsSns: Verify = async (request, _parameters, context) => {
  const topics = Array.isArray(context.config.topicArns) ? (context.config.topicArns as readonly Json[]) : []
  if (topics.length === 0) return unconfigured('no topicArns are configured')
  const message = JSON.parse(request.body.toString('utf8')) as unknown
  if (!isObject(message)) return forged('the body is no SNS message')
  const { Signature, SignatureVersion, SigningCertURL, Timestamp, TopicArn, Type } = message
  if (typeof TopicArn !== 'string' || !topics.includes(TopicArn)) return forged('the topic is not on the list')
  if (typeof Signature !== 'string' || typeof SigningCertURL !== 'string' || typeof Timestamp !== 'string')
    return forged('the signature is missing')
  const age = context.now - Date.parse(Timestamp)
  if (!/Z$/.test(Timestamp) || !(age <= maxAgeMs && age >= -maxSkewMs))
    return forged('the message is older than two hours, or from the future')
  if (!isCertificateUrl(SigningCertURL)) return forged('the certificate is not from an Amazon SNS host')
  if (SignatureVersion !== '1' && SignatureVersion !== '2') return forged('the signature version is not known')
  const names = Type === 'Notification' ? notification : confirmation
  const text = names
    .filter((name) => typeof message[name] === 'string')
    .map((name) => `${name}\n${String(message[name])}\n`)
    .join('')
  const certificate = await context.fetchText(SigningCertURL)
  const verifier = createVerify(SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1').update(text, 'utf8')
  return verifier.verify(certificate, Signature, 'base64') ? accepted : forged('the signature does not fit the message')
}

/** Only the certificate itself: other paths of the same host answer with what a caller asks for. */
function isCertificateUrl(text: string): boolean {
  if (!isSnsUrl(text)) return false
  const { pathname, search } = new URL(text)
  return certificatePath.test(pathname) && search === ''
}

/** Whether a URL is one of Amazon SNS itself: https, no credentials, no odd port. */
export function isSnsUrl(text: string): boolean {
  try {
    const url = new URL(text)
    return (
      url.protocol === 'https:' &&
      hostForm.test(url.hostname) &&
      url.port === '' &&
      url.username === '' &&
      url.password === ''
    )
  } catch {
    return false
  }
}
