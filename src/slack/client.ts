import { type Logger, LogLevel, webApi } from '@slack/bolt'
import { oneLine } from '../core/model/index.ts'
import type { Failure } from '../projection/index.ts'
import type { SlackSettings } from './settings.ts'

export type SlackClient = webApi.WebClient

/** The longest that a call to Slack takes before it is given up. */
export const callMs = 5_000

/** WebClient's own defaults are no timeout, and ten retries in half an hour. */
export const clientOptions = (settings: Pick<SlackSettings, 'apiUrl'>, log: (message: string) => void) => ({
  slackApiUrl: settings.apiUrl,
  timeout: callMs,
  retryConfig: { retries: 1, minTimeout: 200, maxTimeout: 500 },
  rejectRateLimitedCalls: true,
  allowAbsoluteUrls: false,
  logger: quietLogger(log),
})

/** A client for what we say on our own; it never retries: the outbox does. */
export const createClient = (settings: SlackSettings, log: (message: string) => void): SlackClient =>
  new webApi.WebClient(settings.botToken, { ...clientOptions(settings, log), retryConfig: { retries: 0 } })

/** Says what is wrong in one line and nothing else: what Slack's libraries log at lower levels holds payloads. */
export function quietLogger(log: (message: string) => void): Logger {
  const say = (...parts: unknown[]) =>
    log(
      `slack: ${oneLine(parts.map((one) => (one instanceof Error ? one.message : String(one))).join(' '), 300).replace(/x(ox[a-z]|app)-[\w-]+/g, 'x…')}`,
    )
  return {
    debug: () => {},
    info: () => {},
    warn: say,
    error: say,
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  }
}

/** Slack's own errors after which the same call may do (docs.slack.dev/reference/methods/chat.postMessage, "Errors"). */
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'team_added_to_org',
])
/** A token that is wrong, or lacks a right, is mended by people; until then nothing is lost. */
const ours = new Set([
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'org_login_required',
])

/** The code of a platform error, e.g. `message_not_found`; null when it was something else. */
export function platformError(error: unknown): string | null {
  const data = (error as { readonly data?: { readonly error?: unknown } }).data
  const isPlatform = (error as { readonly code?: unknown }).code === 'slack_webapi_platform_error'
  return isPlatform && typeof data?.error === 'string' ? data.error : null
}

/** What a failed call means for what was to be written. */
export function failureOf(error: unknown, at: number): Failure {
  const { code, retryAfter, statusCode, message } = error as {
    readonly code?: unknown
    readonly retryAfter?: unknown
    readonly statusCode?: unknown
    readonly message?: unknown
  }
  if (code === 'slack_webapi_rate_limited_error' || statusCode === 429) {
    const seconds = typeof retryAfter === 'number' && retryAfter > 0 ? Math.min(retryAfter, 3600) : 30
    return { kind: 'limited', why: `Slack wants ${seconds} s of quiet`, until: at + seconds * 1000 }
  }
  const said = platformError(error)
  if (said !== null)
    return passing.has(said) || ours.has(said)
      ? { kind: 'away', why: `Slack answered ${said}` }
      : { kind: 'refused', why: `Slack answered ${said}` }
  if (code === 'slack_webapi_request_error' || code === 'slack_webapi_http_error')
    return { kind: 'away', why: `Slack did not answer: ${oneLine(String(message), 200)}` }
  throw error
}
