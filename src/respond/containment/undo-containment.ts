import {
  appendTimeline,
  type Containment,
  readContainments,
  readIncident,
  storableJson,
  storableText,
  undoPath,
} from '../../cases/index.ts'
import type { Bundle } from '../../core/content/index.ts'
import { incidentFacts } from '../../core/correlate/index.ts'
import { hashId, isObject, type Json } from '../../core/model/index.ts'
import { type GateDecision, gate } from '../../core/policy/index.ts'
import { appendAudit, type Store, type Tx } from '../../store/index.ts'
import { criticalityOf } from '../criticality.ts'
import { undoDenial } from '../gate-undo.ts'
import { lockStory } from '../lock-story.ts'
import { type Live, type Made, makeEffect } from '../make-effect.ts'
import type { PerformPlaces } from '../perform.ts'
import { readRecent } from '../recent-effects.ts'
import { recordStep } from '../record-steps.ts'
import { findAction } from '../render-request.ts'
import type { Cause } from './plan.ts'
import { type FailedUndo, failedUndo, failedUndoOf, triesAgainAt } from './retry-undo.ts'

export interface UndoParts {
  readonly store: Store
  readonly bundleOf: (digest: string) => Bundle | undefined | Promise<Bundle | undefined>
  /** The content that is deployed now: its policies are asked. */
  readonly current: Bundle
  readonly clock: () => number
  readonly places: PerformPlaces
  /** How vendors are reached; without it what was done for real stays. */
  readonly live?: Live
}

/** An intent without an outcome is another's work for that long, then nobody's. */
const graceMs = 60_000
const timeoutMs = 30_000

/** What taking one containment back came to; `gone` = it was taken back meanwhile, or somebody is at it. */
export type Undone =
  | { readonly kind: 'done'; readonly sentence: string }
  | { readonly kind: 'not'; readonly sentence: string }
  | { readonly kind: 'gone' }

/** Why, who wanted it, and whether one that failed before is tried again. */
export interface UndoWish {
  readonly cause: Cause
  readonly said: string
  readonly actor: string
  readonly again: boolean
}

/**
 * Takes one containment back, as an effect of its own: its id follows from the effect that it takes back, its intent is on
 * record before it is made and its outcome after. The gate is asked first; see {@link undoDenial}.
 */
export async function undoContainment(parts: UndoParts, of: Containment, wish: UndoWish): Promise<Undone> {
  const id = `ef-${hashId(parts.store.tenant, of.run, undoPath(of.path))}`
  const bundle = (await parts.bundleOf(of.bundle)) ?? parts.current
  const [integration = '', action = ''] = of.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  if (known === undefined || !isObject(known.spec.rollback))
    return { kind: 'not', sentence: `${of.action} on ${of.target} cannot be taken back: its manifest has no rollback` }
  if (of.mode === 'live' && parts.live?.config(integration).mode !== 'live')
    return {
      kind: 'not',
      sentence: `${of.action} on ${of.target} was done for real, and ${integration} is not live here`,
    }
  const isRepeatable = of.mode === 'simulate' || known.spec.idempotent === true
  const intended = await parts.store.transaction((tx) => intend(tx, parts, of, { ...wish, isRepeatable }, id))
  if (typeof intended === 'string') return intended === '' ? { kind: 'gone' } : { kind: 'not', sentence: intended }
  const made = await makeEffect(
    {
      id,
      run: of.run,
      playbook: of.playbook,
      incident: of.incident,
      path: undoPath(of.path),
      action: of.action,
      ...known,
      inputs: of.inputs,
      target: of.target,
      why: `taken back: ${wish.said}`,
      approvedBy: of.approvedBy,
      mode: of.mode,
      n: 1,
      kind: 'call',
      timeoutMs,
      patience: { attempts: 1, backoffMs: graceMs, maxMs: graceMs },
      undoes: of.effect,
      at: intended.at,
    },
    parts.places,
    parts.live,
    parts.clock,
  )
  if (made.verdict === 'later') {
    // It was certainly not sent, so nothing of it is open.
    await parts.store.transaction((tx) =>
      tx.query('delete from effect where tenant = $1 and id = $2 and outcome is null', [tx.tenant, id]),
    )
    return { kind: 'not', sentence: `${made.sentence}; it is tried again` }
  }
  const outcome = made.verdict === 'done' ? 'done' : 'failed'
  const tries = intended.triedBefore + 1
  const sentence = sentenceOf(of, made, wish)
  await parts.store.transaction(async (tx) => {
    await lockStory(tx, [of.incident])
    const at = parts.clock()
    const settled = await tx.query(
      'update effect set outcome = $3, settled_at = $4, result = $5 where tenant = $1 and id = $2 and outcome is null',
      [
        tx.tenant,
        id,
        outcome,
        at,
        storableJson({
          ...made.result,
          sentence: storableText(made.sentence),
          ...(outcome === 'done' ? {} : failedUndo({ isUnclear: made.verdict === 'unclear', tries })),
        }),
      ],
    )
    if (settled.rowCount === 0) return
    await appendAudit(tx, {
      at,
      actor: wish.actor,
      action: `containment.undo-${outcome}`,
      subject: `effect/${id}`,
      details: {
        incident: of.incident,
        of: of.effect,
        action: of.action,
        target: of.target,
        mode: of.mode,
        cause: wish.cause,
        said: wish.said,
        sentence: storableText(made.sentence),
      },
    })
    if (outcome === 'failed')
      // Told once, not at each try; the audit has them all.
      return tries > 1 && !wish.again
        ? undefined
        : appendTimeline(tx, [{ incident: of.incident, at, kind: 'action', actor: wish.actor, sentence }])
    const result = { path: undoPath(of.path), status: 'done' as const, output: made.output, sentence }
    await recordStep(tx, { id: of.run, playbook: of.playbook }, of.incident, result, at)
  })
  return { kind: outcome === 'done' ? 'done' : 'not', sentence }
}

const sentenceOf = (of: Containment, made: Made, wish: UndoWish) =>
  made.verdict === 'done'
    ? `took back ${of.action} on ${of.target}: ${wish.said}`
    : `could not take back ${of.action} on ${of.target} (${wish.said}): ${made.sentence}`

/** Puts the intent on record, or says why not; an empty text when it was taken back meanwhile or somebody is at it. */
async function intend(
  tx: Tx,
  parts: UndoParts,
  of: Containment,
  wish: UndoWish & { readonly isRepeatable: boolean },
  id: string,
): Promise<{ at: number; triedBefore: number } | string> {
  await lockStory(tx, [of.incident])
  const now = (await readContainments(tx, null)).find((one) => one.effect === of.effect)
  if (now === undefined) return ''
  const failed = now.undoing === 'failed' ? await failedBefore(tx, id) : null
  if (failed !== null && !wish.again) {
    const again = triesAgainAt(failed, wish.isRepeatable, failed.at)
    if (again === null || parts.clock() < again)
      return `${of.action} on ${of.target} could not be taken back before: ${again === null ? '' : `it is tried again at ${new Date(again).toISOString()}; `}gitsoc containment apply tries again`
  }
  if (now.undoing === 'open' && !wish.again && !wish.isRepeatable)
    return `whether ${of.action} on ${of.target} was taken back nobody knows: look at the vendor, then gitsoc containment apply sends it again`
  const at = parts.clock()
  const decision = await ask(tx, parts, now, id, at)
  const denial = undoDenial(decision)
  if (denial !== null) return `${of.action} on ${of.target} is not taken back: ${denial}`
  const { answer, sentence, facts } = decision
  const claimed = await tx.query(
    `insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, intended_at, undoes)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15)
      on conflict (tenant, id) do update set outcome = null, settled_at = null, intended_at = excluded.intended_at
        where effect.outcome = 'failed' or (effect.outcome is null and effect.intended_at <= $13 - $14::bigint)`,
    [
      tx.tenant,
      id,
      of.run,
      now.incident,
      undoPath(of.path),
      of.action,
      of.kind,
      of.target,
      storableJson(of.inputs),
      storableJson({ answer, sentence, facts, cause: wish.cause, said: wish.said }),
      of.approval,
      of.mode,
      at,
      graceMs,
      of.effect,
    ],
  )
  if (claimed.rowCount === 0) return ''
  await appendAudit(tx, {
    at,
    actor: wish.actor,
    action: 'containment.undo',
    subject: `effect/${id}`,
    details: {
      incident: now.incident,
      of: of.effect,
      cause: wish.cause,
      said: storableText(wish.said),
      gate: sentence,
    },
  })
  return { at, triedBefore: failed?.tries ?? 0 }
}

async function failedBefore(tx: Tx, id: string): Promise<FailedUndo & { readonly at: number }> {
  const found = await tx.query<{ result: Json; at: number | null }>(
    'select result, settled_at as at from effect where tenant = $1 and id = $2',
    [tx.tenant, id],
  )
  const [row] = found.rows
  return { ...failedUndoOf(row?.result ?? null), at: row?.at ?? 0 }
}

async function ask(tx: Tx, parts: UndoParts, of: Containment, id: string, at: number): Promise<GateDecision> {
  const incident = await readIncident(tx, of.incident)
  if (incident === null) throw new Error(`incident ${of.incident} is gone`)
  const [integration = ''] = of.action.split('.')
  const { target, incident: number } = of
  const recent = await readRecent(tx, at, [number], id)
  const stop = await tx.query('select from stop_switch where tenant = $1', [tx.tenant])
  return gate(
    {
      effect: of.kind,
      action: of.action,
      target: of.target,
      incident: incidentFacts(incident),
      ...recent.of({ effect: of.kind, integration, incident: number, target, intendedAt: null }),
      targetCriticality: criticalityOf(incident, of.target),
      at,
      stopped: stop.rowCount > 0,
    },
    parts.current.policies,
  )
}
