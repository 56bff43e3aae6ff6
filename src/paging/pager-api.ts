import { isObject, type JsonObject } from '../core/model/index.ts'

export interface PagerApiParts {
  readonly apiUrl: string
  readonly apiKey: string
  readonly timeoutMs: number
}

/** The mail address of a PagerDuty user, `null` where there is no such user, `away` where nobody could be asked. */
export type PagerUser = { readonly email: string } | 'away' | null

/** Asks the REST API who a user is (`GET /users/{id}`, with a read-only key): webhooks give ids and names people choose. */
export async function pagerUser(id: string, parts: PagerApiParts): Promise<PagerUser> {
  const found = await ask('users', id, '', parts)
  if (found === null || found === 'away') return found
  const user = isObject(found.user) ? found.user : {}
  return typeof user.email === 'string' && user.email !== '' && user.id === id ? { email: user.email } : null
}

/** The dedup keys of the alerts of an incident there (`GET /incidents/{id}/alerts`, `alert_key`), the first hundred. */
export async function pagerAlertKeys(id: string, parts: PagerApiParts): Promise<readonly string[] | 'away'> {
  const found = await ask('incidents', id, '/alerts?limit=100', parts)
  if (found === 'away') return 'away'
  const alerts = found !== null && Array.isArray(found.alerts) ? found.alerts : []
  return alerts.flatMap((one) => (isObject(one) && typeof one.alert_key === 'string' ? [one.alert_key] : []))
}

/** Null where there is nothing of that id. */
async function ask(
  kind: 'users' | 'incidents',
  id: string,
  rest: string,
  { apiUrl, apiKey, timeoutMs }: PagerApiParts,
): Promise<JsonObject | 'away' | null> {
  if (!/^[A-Z0-9]{1,30}$/.test(id)) return null
  try {
    const response = await fetch(new URL(`/${kind}/${id}${rest}`, apiUrl), {
      redirect: 'error',
      headers: { authorization: `Token token=${apiKey}`, accept: 'application/vnd.pagerduty+json;version=2' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status === 404) return null
    const body: unknown = response.status === 200 ? await response.json() : null
    return isObject(body) ? body : 'away'
  } catch {
    return 'away'
  }
}
