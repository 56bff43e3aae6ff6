import { isObject, type JsonObject } from '../model/index.ts'
import { type Decoded, decodeJson } from './decode.ts'

/**
 * Takes a record out of the envelopes that carry others: Amazon SNS notifications (`Message` holds JSON) and Google
 * Pub/Sub pushes (`message.data` holds base64 of JSON). What is no such envelope stays as it is.
 * The content is bounded like a record of its own: a signed envelope says nothing about who wrote what is in it.
 */
export function unwrap(record: JsonObject): Decoded {
  if (record.Type === 'Notification' && typeof record.Message === 'string' && typeof record.TopicArn === 'string')
    return inner(record.Message, record)
  const { message } = record
  if (isObject(message) && typeof message.data === 'string' && typeof record.subscription === 'string')
    return inner(Buffer.from(message.data, 'base64').toString('utf8'), record)
  return { ok: true, value: record }
}

function inner(text: string, envelope: JsonObject): Decoded {
  if (!text.trimStart().startsWith('{')) return { ok: true, value: envelope }
  const found: Decoded[] = []
  decodeJson(text, { strictKeys: true }, (one) => found.push(one))
  const [first] = found
  return first === undefined || (!first.ok && first.code === 'unparsable') ? { ok: true, value: envelope } : first
}
