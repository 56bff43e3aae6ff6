import type { Failure } from '../../projection/index.ts'

/** A request to GitHub that did not come to its end, with what that means for what was to be written. */
export class CallFailed extends Error {
  readonly failure: Failure
  /** Of GitHub's answer; null when there was none. */
  readonly status: number | null
  constructor(failure: Failure, status: number | null) {
    super(failure.why)
    this.failure = failure
    this.status = status
  }
}

const limitedMs = 60_000
const longestLimitMs = 3_600_000

/**
 * What an error of Octokit means. Limits: 403 or 429 with `retry-after`, with no requests left, or with the wording of secondary
 * limits (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api). 401 and other 403 concern the whole app
 * (suspended, a permission missing, the repository archived): nothing dies of them, and they say what a person has to change.
 */
export function callFailed(error: unknown, at: number): CallFailed {
  const { status, headers, message } = partsOf(error)
  if (status === null) return new CallFailed({ kind: 'away', why: `GitHub does not answer: ${message}` }, null)
  const why = `GitHub answered ${status}: ${message}`
  if (status === 403 || status === 429) {
    const until = limitedUntil(status, headers, message, at)
    if (until !== null) return new CallFailed({ kind: 'limited', why, until }, status)
  }
  if (status === 401 || status === 403)
    return new CallFailed({ kind: 'barred', why, todo: todoOf(status, message) }, status)
  if (status >= 500 || status === 408) return new CallFailed({ kind: 'away', why }, status)
  return new CallFailed({ kind: 'refused', why, final: [404, 410, 422].includes(status) }, status)
}

/** What a person has to change, by the wording of GitHub's answer. */
function todoOf(status: 401 | 403, message: string): string {
  if (/suspended/i.test(message))
    return "an owner of the organisation lifts the app's suspension: Settings, GitHub Apps, Configure, Unsuspend"
  if (status === 401)
    return 'check that github.appId and the secret github-app-key are of the same app, that the key was not deleted on its page, and the clock of this machine'
  if (/archived|read-only/i.test(message)) return 'take the repository out of the archive, or configure another one'
  if (/locked/i.test(message)) return 'unlock the issue on GitHub'
  return 'grant the app what src/github/README.md lists (issues: write, members: read), accept that in the organisation, and see that it is installed for this repository'
}

function limitedUntil(
  status: number,
  headers: Readonly<Record<string, unknown>>,
  message: string,
  at: number,
): number | null {
  const bounded = (until: number) => Math.min(at + longestLimitMs, Math.max(at + 1000, until))
  const after = Number(headers['retry-after'])
  if (headers['retry-after'] !== undefined && Number.isFinite(after)) return bounded(at + after * 1000)
  const reset = Number(headers['x-ratelimit-reset'])
  if (String(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset)) return bounded(reset * 1000)
  if (status === 429 || /rate limit|abuse detection/i.test(message)) return at + limitedMs
  return null
}

function partsOf(error: unknown): {
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  readonly message: string
} {
  const { status, response, message, name, cause } = error as {
    status?: unknown
    response?: { headers?: Record<string, unknown> }
    message?: unknown
    name?: unknown
    cause?: { code?: unknown; message?: unknown }
  }
  // Octokit gives a request that came to nothing the status 500, and no response.
  const answered = typeof status === 'number' && response !== undefined
  const detail = typeof cause?.code === 'string' ? ` (${cause.code})` : ''
  return {
    status: answered ? status : null,
    headers: response?.headers ?? {},
    message: `${typeof message === 'string' ? message : String(name)}${detail}`.slice(0, 300),
  }
}
