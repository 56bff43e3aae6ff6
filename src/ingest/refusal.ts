import type { Answer } from './handshake.ts'
import { Overloaded } from './inbox.ts'
import { BodyRefused } from './read-body.ts'

/** How a request ended, and the word it is counted under. */
export interface Received {
  readonly answer: Answer
  readonly result: string
}

/** The URL of a request, null when it is none. */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text, 'http://localhost')
  } catch {
    return null
  }
}

/** An answer that says what is wrong. */
export const problemAnswer = (status: number, error: string, headers?: Record<string, string>): Answer => ({
  status,
  body: JSON.stringify({ error }),
  contentType: 'application/json',
  ...(headers === undefined ? {} : { headers }),
})

/** Answers to requests whose origin is not proven. */
export const refusals: Readonly<Record<'forged' | 'unconfigured' | 'unavailable', Received>> = {
  forged: { answer: problemAnswer(401, 'the proof of origin does not hold'), result: 'forged' },
  unconfigured: {
    answer: problemAnswer(503, 'this integration is not configured', { 'retry-after': '300' }),
    result: 'unconfigured',
  },
  unavailable: {
    answer: problemAnswer(503, 'the proof of origin cannot be checked now', { 'retry-after': '30' }),
    result: 'unavailable',
  },
}

/** The answer to a request that could not be taken: it was too much, too slow, or nothing could be kept. */
export function failure(error: unknown): Received {
  if (error instanceof BodyRefused)
    return error.status === 503
      ? { answer: problemAnswer(503, error.message, { 'retry-after': '5' }), result: 'overload' }
      : {
          answer: problemAnswer(error.status, error.message),
          result: error.status === 413 ? 'too-large' : 'refused',
        }
  if (error instanceof Overloaded)
    return {
      answer: problemAnswer(503, error.message, { 'retry-after': String(error.retryAfterSeconds) }),
      result: 'overload',
    }
  return { answer: problemAnswer(503, 'the delivery could not be kept', { 'retry-after': '10' }), result: 'failed' }
}
