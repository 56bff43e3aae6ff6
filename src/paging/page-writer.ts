import { readIncident } from '../cases/index.ts'
import { canonicalJson, type Incident, isObject, type Json, sha256 } from '../core/model/index.ts'
import type { Due, Writer } from '../projection/index.ts'
import { readApproval } from '../respond/index.ts'
import type { Store, Tx } from '../store/index.ts'
import { pagePayload } from './page-payload.ts'
import { type PageEvent, type PagerDutyParts, sendEvent } from './send-event.ts'

export interface PageWriterParts extends PagerDutyParts {
  readonly store: Store
  /** The routing key of a service; null when there is none. */
  readonly routingKey: (service: string) => string | null
}

/** What PagerDuty is to show of one thing that somebody was called for. */
type PageState = 'triggered' | 'acknowledged' | 'resolved'

interface Page {
  readonly subject: string
  readonly service: string
  readonly policy: string
  readonly summary: string
}

interface Wanted extends Page {
  readonly state: PageState
}

/** `incident` in `page.subject`: the incident itself, else the id of an approval of it. */
export const wholeIncident = 'incident'

/** The key that makes an incident there one with ours: tenant and number, or tenant and approval. */
export const dedupKey = (tenant: string, incident: number, subject: string) =>
  subject === wholeIncident ? `${tenant}/INC-${incident}` : `${tenant}/${subject}`

/**
 * Shows PagerDuty each incident that somebody is called for as it is now: called once, acknowledged and resolved when that
 * happened here. What was over before anybody could be called is never called for.
 */
export function createPageWriter(parts: PageWriterParts): Writer {
  return async (due, hand) => {
    if (due.incident === null) return { ok: true, digest: '', outside: null }
    const number = due.incident
    const { incident, wanted } = await parts.store.transaction((tx) => wantedOf(tx, number))
    const known = knownOf(due)
    const outside = () => ({ pages: { ...known } }) satisfies Json
    for (const page of wanted) {
      const name = `${page.subject}@${page.service}`
      const event = eventOf(known[name], page.state)
      if (event === null || incident === null) continue
      const routingKey = parts.routingKey(page.service)
      if (routingKey === null)
        return {
          ok: false,
          failure: { kind: 'refused', why: `there is no secret with the routing key of "${page.service}"` },
        }
      await hand.spend()
      const failure = await sendEvent(
        {
          event_action: event,
          dedup_key: dedupKey(parts.store.tenant, number, page.subject),
          ...(event === 'trigger' ? { payload: pagePayload(incident, page.summary, page.policy) } : {}),
        },
        routingKey,
        parts,
      )
      if (failure !== null) return { ok: false, failure }
      known[name] = page.state
      await hand.keep(outside())
    }
    const digest = sha256(canonicalJson(wanted.map(({ subject, service, state }) => [subject, service, state])))
    return { ok: true, digest, outside: outside() }
  }
}

function knownOf(due: Due): Record<string, PageState> {
  const pages = isObject(due.outside) ? due.outside.pages : null
  return isObject(pages) ? (Object.fromEntries(Object.entries(pages)) as Record<string, PageState>) : {}
}

/** The event that leads from what PagerDuty shows to what it is to show; null when there is none. */
function eventOf(from: PageState | undefined, to: PageState): PageEvent['event_action'] | null {
  if (from === to || from === 'resolved') return null
  if (from === undefined) return to === 'triggered' ? 'trigger' : null
  if (to === 'resolved') return 'resolve'
  return to === 'acknowledged' ? 'acknowledge' : null
}

async function wantedOf(tx: Tx, number: number): Promise<{ incident: Incident | null; wanted: readonly Wanted[] }> {
  const pages = await tx.query<Page>(
    'select subject, service, policy, summary from page where tenant = $1 and incident = $2 order by subject, service',
    [tx.tenant, number],
  )
  if (pages.rowCount === 0) return { incident: null, wanted: [] }
  // A merged incident is over as itself; its own row says so.
  const incident = await readIncident(tx, number, 0)
  if (incident === null) return { incident: null, wanted: [] }
  const wanted: Wanted[] = []
  for (const page of pages.rows) {
    const state =
      page.subject === wholeIncident
        ? stateOfIncident(incident)
        : (await readApproval(tx, page.subject))?.status === 'pending'
          ? 'triggered'
          : 'resolved'
    wanted.push({ ...page, state })
  }
  return { incident, wanted }
}

function stateOfIncident({ status }: Incident): PageState {
  if (status === 'new') return 'triggered'
  return status === 'acknowledged' || status === 'contained' ? 'acknowledged' : 'resolved'
}
