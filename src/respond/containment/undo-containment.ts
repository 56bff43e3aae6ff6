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
import { hashId, isObject } from '../../core/model/index.ts'
import { type GateDecision, gate } from '../../core/policy/index.ts'
import { appendAudit, type Store, type Tx } from '../../store/index.ts'
import { criticalityOf, recentEffects } from '../gate-facts.ts'
import { lockStory } from '../lock-story.ts'
import { type PerformPlaces, perform } from '../perform.ts'
import { findAction } from '../render-request.ts'
import type { Cause } from './plan.ts'

export interface UndoParts {
  readonly store: Store
  readonly bundleOf: (digest: string) => Bundle | undefined | Promise<Bundle | undefined>
  /** The content that is deployed now: its policies are asked. */
  readonly current: Bundle
  readonly clock: () => number
  readonly places: PerformPlaces
}

/** An intent without an outcome is another's work for that long, then nobody's. */
const graceMs = 60_000

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
 * record before it is made and its outcome after. The gate is asked first. A denial stands. A question was answered: the
 * end of a containment stands in the step that people approved (the digest covers content, commit and step), and an edit of the file or
 * the close of the incident is a person's decision, which the audit names.
 */
export async function undoContainment(parts: UndoParts, of: Containment, wish: UndoWish): Promise<Undone> {
  const id = `ef-${hashId(parts.store.tenant, of.run, undoPath(of.path))}`
  const bundle = (await parts.bundleOf(of.bundle)) ?? parts.current
  const [integration = '', action = ''] = of.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  if (known === undefined || !isObject(known.spec.rollback))
    return { kind: 'not', sentence: `${of.action} on ${of.target} cannot be taken back: its manifest has no rollback` }
  if (of.mode === 'live')
    return { kind: 'not', sentence: `${of.action} on ${of.target} was done for real and is not taken back here` }
  const intended = await parts.store.transaction((tx) => intend(tx, parts, of, wish, id))
  if (typeof intended === 'string') return intended === '' ? { kind: 'gone' } : { kind: 'not', sentence: intended }
  const spec = { ...known.spec, request: known.spec.rollback }
  const made = await perform(
    known.integration,
    spec,
    {
      id,
      run: of.run,
      incident: of.incident,
      path: undoPath(of.path),
      action: of.action,
      effect: of.kind,
      target: of.target,
      inputs: of.inputs,
      why: `taken back: ${wish.said}`,
      approvedBy: of.approvedBy,
      at: intended.at,
    },
    parts.places,
  )
  const sentence = `${made.outcome === 'done' ? 'took back' : 'could not take back'} ${of.action} on ${of.target}: ${wish.said}`
  await parts.store.transaction(async (tx) => {
    await lockStory(tx, [of.incident])
    const at = parts.clock()
    const settled = await tx.query(
      'update effect set outcome = $3, settled_at = $4, result = $5 where tenant = $1 and id = $2 and outcome is null',
      [tx.tenant, id, made.outcome, at, storableJson(made.result)],
    )
    if (settled.rowCount === 0) return
    await appendAudit(tx, {
      at,
      actor: wish.actor,
      action: `containment.undo-${made.outcome}`,
      subject: `effect/${id}`,
      details: {
        incident: of.incident,
        of: of.effect,
        action: of.action,
        target: of.target,
        mode: of.mode,
        cause: wish.cause,
        said: wish.said,
      },
    })
    await appendTimeline(tx, [{ incident: of.incident, at, kind: 'action', actor: wish.actor, sentence }])
  })
  return { kind: made.outcome === 'done' ? 'done' : 'not', sentence }
}

/** Puts the intent on record, or says why not; an empty text when it was taken back meanwhile or somebody is at it. */
async function intend(
  tx: Tx,
  parts: UndoParts,
  of: Containment,
  wish: UndoWish,
  id: string,
): Promise<{ at: number } | string> {
  await lockStory(tx, [of.incident])
  const now = (await readContainments(tx, null)).find((one) => one.effect === of.effect)
  if (now === undefined) return ''
  if (now.undoing === 'failed' && !wish.again)
    return `${of.action} on ${of.target} could not be taken back before: gitsoc containment apply tries again`
  const at = parts.clock()
  const decision = await ask(tx, parts, now, id, at)
  if (decision.answer === 'deny') return `${of.action} on ${of.target} is not taken back: ${decision.sentence}`
  const { answer, sentence, facts } = decision
  const claimed = await tx.query(
    `insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, intended_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
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
  return { at }
}

async function ask(tx: Tx, parts: UndoParts, of: Containment, id: string, at: number): Promise<GateDecision> {
  const incident = await readIncident(tx, of.incident)
  if (incident === null) throw new Error(`incident ${of.incident} is gone`)
  const [integration = ''] = of.action.split('.')
  const recent = await recentEffects(tx, id, of.incident, integration, at)
  const stop = await tx.query('select from stop_switch where tenant = $1', [tx.tenant])
  return gate(
    {
      effect: of.kind,
      action: of.action,
      target: of.target,
      incident: incidentFacts(incident),
      ...recent,
      targetCriticality: criticalityOf(incident, of.target),
      at,
      stopped: stop.rowCount > 0,
    },
    parts.current.policies,
  )
}
