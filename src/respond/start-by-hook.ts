import { appendTimeline, readIncident, storableJson } from '../cases/index.ts'
import { askHook, type Bundle, hookMeans } from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import {
  type Fact,
  type Incident,
  type IncidentNumber,
  type JsonObject,
  oneLine,
  type RunId,
  sha256,
} from '../core/model/index.ts'
import type { HookWish, Playbook, PlaybookHook } from '../core/playbook/index.ts'
import { appendAudit, type Store, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import { readJsonBody } from './read-json-body.ts'
import { startRuns } from './start-runs.ts'

/** A request to a playbook's webhook whose origin is proven. */
export interface HookRequest {
  readonly playbook: Playbook
  readonly hook: PlaybookHook
  readonly body: Uint8Array
  readonly at: number
}

/**
 * What a request came to. `decided` is on disk and stays so however often it is sent; the others left nothing behind:
 * `unreadable` is no JSON object, `unfit` names no incident or inputs that do not fit, `conflict` has the key of another request.
 */
export type HookOutcome =
  | {
      readonly kind: 'decided'
      readonly run: RunId | null
      readonly incident: IncidentNumber
      readonly sentence: string
      readonly repeated: boolean
    }
  | { readonly kind: 'unreadable' | 'unfit' | 'conflict'; readonly why: string }

/**
 * Starts a playbook for a request, in one transaction with the record of the request: who is told that it was taken finds it
 * decided, whatever dies. The same key is the same request, and gets the same answer.
 */
export async function startByHook(store: Store, bundle: Bundle, request: HookRequest): Promise<HookOutcome> {
  const { playbook } = request
  const body = readJsonBody(request.body)
  if (!body.ok) return { kind: 'unreadable', why: body.why }
  // As the database keeps them, so that what is checked is what the run gets.
  const asked = askHook(playbook, JSON.parse(storableJson(body.value)) as JsonObject)
  if (!asked.ok) return { kind: 'unfit', why: asked.why }
  const { wish } = asked
  const bodyDigest = sha256(request.body)
  const key = sha256(wish.key === null ? `body ${bodyDigest}` : `key ${wish.key}`)
  return store.transaction(async (tx) => {
    const named = await readIncident(tx, wish.incident)
    if (named === null) return { kind: 'unfit', why: `incident: there is no incident ${wish.incident}` } as const
    await lockStory(tx, [named.number])
    const before = await callBefore(tx, playbook, key)
    if (before !== null)
      return before.body === bodyDigest
        ? ({ kind: 'decided', ...before.answer, repeated: true } as const)
        : ({ kind: 'conflict', why: 'another request had this key' } as const)
    const incident = await readIncident(tx, named.number)
    if (incident?.number !== named.number) throw new Error(`incident ${named.number} was merged meanwhile`)
    const decided = await decide(tx, bundle, request, wish, incident, key)
    await tx.query(
      `insert into hook_call (tenant, playbook, key, at, body, incident, run, sentence) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [tx.tenant, playbook.id, key, request.at, bodyDigest, decided.incident, decided.run, decided.sentence],
    )
    return { kind: 'decided', ...decided, repeated: false } as const
  })
}

interface Decided {
  readonly run: RunId | null
  readonly incident: IncidentNumber
  readonly sentence: string
}

async function callBefore(tx: Tx, { id }: Playbook, key: string): Promise<{ body: string; answer: Decided } | null> {
  const found = await tx.query<Decided & { body: string }>(
    'select body, run, incident, sentence from hook_call where tenant = $1 and playbook = $2 and key = $3',
    [tx.tenant, id, key],
  )
  const [row] = found.rows
  if (row === undefined) return null
  const { body, ...answer } = row
  return { body, answer }
}

async function decide(
  tx: Tx,
  bundle: Bundle,
  { playbook, hook, at }: HookRequest,
  wish: HookWish,
  incident: Incident,
  key: string,
): Promise<Decided> {
  const { title, trigger } = playbook
  const not = (why: string): Decided => ({
    run: null,
    incident: incident.number,
    sentence: `"${title}" does not start: ${why}`,
  })
  if (incident.status === 'closed') return not(`incident ${incident.number} is closed`)
  const { matched, facts } = await hookMeans(playbook, incidentFacts(incident), wish.inputs)
  if (!matched) return not(`it is not meant for this, because ${said(facts)}`)
  const because = facts.length === 0 ? '' : `, because ${said(facts)}`
  const sentence = `the webhook "${hook.path}" started "${title}"${because}`
  const actor = `webhook/${hook.path}`
  const [run = null] = await startRuns(tx, bundle, [
    {
      incident: incident.number,
      trigger: { playbook, decision: { answer: 'started', rule: playbook.ref, facts, sentence } },
      at,
      ...(trigger.once === 'change' ? { cause: `webhook ${key}` } : {}),
      inputs: wish.inputs,
    },
  ])
  if (run === null) return not('it ran for this incident already, or within its cooldown')
  await appendAudit(tx, {
    at,
    actor,
    action: 'run.start',
    subject: `run/${run}`,
    details: { incident: incident.number, playbook: playbook.id, inputs: wish.inputs, key },
  })
  await appendTimeline(tx, [{ incident: incident.number, at, kind: 'run', actor, sentence }])
  return { run, incident: incident.number, sentence }
}

const said = (facts: readonly Fact[]) =>
  facts.map(({ name, value }) => oneLine(`${name} = ${JSON.stringify(value)}`, 200).toWellFormed()).join(', ')
