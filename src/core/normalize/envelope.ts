import { isObject, type Json, type JsonObject } from '../model/index.ts'

/**
 * Takes a record out of the envelopes that carry others: Amazon SNS notifications (`Message` holds JSON) and Google
 * Pub/Sub pushes (`message.data` holds base64 of JSON). What is no such envelope stays as it is.
 */
export function unwrap(record: JsonObject): JsonObject {
  if (record.Type === 'Notification' && typeof record.Message === 'string' && typeof record.TopicArn === 'string')
    return parsed(record.Message) ?? record
  const { message } = record
  if (isObject(message) && typeof message.data === 'string' && typeof record.subscription === 'string')
    return parsed(Buffer.from(message.data, 'base64').toString('utf8')) ?? record
  return record
}

function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
