/** The mail address of a PagerDuty user, `null` where there is no such user, `away` where nobody could be asked. */
export type PagerUser = { readonly email: string } | 'away' | null

export interface PagerUserParts {
  readonly apiUrl: string
  readonly apiKey: string
  readonly timeoutMs: number
}

/** Asks the REST API who a user is (`GET /users/{id}`, with a read-only key): webhooks give ids and names people choose. */
export async function pagerUser(id: string, { apiUrl, apiKey, timeoutMs }: PagerUserParts): Promise<PagerUser> {
  if (!/^[A-Z0-9]{1,30}$/.test(id)) return null
  try {
    const response = await fetch(new URL(`/users/${id}`, apiUrl), {
      redirect: 'error',
      headers: { authorization: `Token token=${apiKey}`, accept: 'application/vnd.pagerduty+json;version=2' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status === 404) return null
    if (response.status !== 200) return 'away'
    const body = (await response.json()) as { readonly user?: { readonly id?: unknown; readonly email?: unknown } }
    const { email } = body.user ?? {}
    return typeof email === 'string' && email !== '' && body.user?.id === id ? { email } : null
  } catch {
    return 'away'
  }
}
