import type { Json } from '../core/model/index.ts'
import type { VendorAnswer } from './call-vendor.ts'
import type { Verdict } from './next-call.ts'

/** What an answer means for an effect. */
export interface Judgement {
  readonly verdict: Verdict
  readonly status: number | null
  /** The answer's JSON, or its text where it is none; null without one. */
  readonly body: Json
  readonly retryAfterMs: number | null
  readonly sentence: string
}

const maxRetryAfterMs = 3_600_000

/** What a vendor's answer means: 2xx done, 429 and 503 not now, other 4xx and 3xx certainly not, 5xx and silence nobody knows. */
export function judgeAnswer(answer: VendorAnswer, at: number): Judgement {
  if (answer.kind !== 'answer') {
    const verdict = ({ refused: 'failed', unsent: 'later', lost: 'unclear' } as const)[answer.kind]
    return { verdict, status: null, body: null, retryAfterMs: null, sentence: answer.why }
  }
  const { status } = answer
  const judged = (verdict: Verdict, sentence: string, retryAfterMs: number | null = null): Judgement => ({
    verdict,
    status,
    body: bodyOf(answer.text),
    retryAfterMs,
    sentence,
  })
  if (status >= 200 && status < 300) return judged('done', `answered ${status}`)
  if (status === 429 || (status === 503 && answer.retryAfter !== null))
    return judged('later', `answered ${status}: not now`, retryAfter(answer.retryAfter, at))
  if (status >= 300 && status < 400) return judged('failed', `answered ${status}: redirects are not followed`)
  if (status >= 400 && status < 500) return judged('failed', `answered ${status}`)
  return judged('unclear', `answered ${status}`)
}

function bodyOf(text: string): Json {
  if (text === '') return null
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** Seconds or a date (RFC 9110, 10.2.3), at most an hour. */
function retryAfter(text: string | null, at: number): number | null {
  if (text === null) return null
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - at
  return Number.isFinite(ms) ? Math.min(maxRetryAfterMs, Math.max(0, ms)) : null
}
