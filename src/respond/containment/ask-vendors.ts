import { appendTimeline, type Containment } from '../../cases/index.ts'
import { isObject } from '../../core/model/index.ts'
import { appendAudit } from '../../store/index.ts'
import { lockStory } from '../lock-story.ts'
import { makeEffect } from '../make-effect.ts'
import { findAction } from '../render-request.ts'
import type { UndoParts } from './undo-containment.ts'

/** Asks vendors whether what was done there still is so. */
export interface VendorWatch {
  /** Asks about those whose turn it is; the effects of which a vendor says that they are not so any more. */
  look(standing: readonly Containment[]): Promise<ReadonlySet<string>>
}

/** How many are asked about in one look, and how long an answer is taken for true. */
export interface WatchPace {
  readonly atOnce: number
  readonly forMs: number
}

/** What is younger may not be everywhere at the vendor yet. */
const settlesMs = 60_000
const timeoutMs = 10_000

/**
 * Of actions with `confirm` in their manifest that were done for real, where the integration is live. What a vendor says is gone is
 * put on record and told in the timeline, once; nothing is done again for it. No answer, or none that is understood, is no news.
 */
export function createVendorWatch(parts: UndoParts, pace: WatchPace): VendorWatch {
  const asked = new Map<string, { readonly at: number; readonly isGone: boolean }>()
  return {
    async look(standing) {
      const { live } = parts
      const at = parts.clock()
      const ids = new Set(standing.map((one) => one.effect))
      for (const id of asked.keys()) if (!ids.has(id)) asked.delete(id)
      const due = standing
        .filter((one) => at - (asked.get(one.effect)?.at ?? Number.NEGATIVE_INFINITY) >= pace.forMs)
        .filter(
          (one) => one.mode === 'live' && one.undo !== null && one.undoing === null && at - one.since >= settlesMs,
        )
        .filter((one) => live?.config(one.action.split('.')[0] ?? '').mode === 'live')
        .sort((a, b) => (asked.get(a.effect)?.at ?? 0) - (asked.get(b.effect)?.at ?? 0))
      let left = pace.atOnce
      for (const one of due) {
        if (left === 0) break
        const verdict = await verdictOf(parts, one)
        if (verdict === null) continue
        left -= 1
        const isGone = verdict === 'absent'
        if (isGone) await tellGone(parts, one, at)
        asked.set(one.effect, { at, isGone })
      }
      return new Set([...asked].filter(([, { isGone }]) => isGone).map(([id]) => id))
    },
  }
}

/** What the vendor says; null where the manifest does not say how it is asked. */
async function verdictOf(parts: UndoParts, of: Containment): Promise<string | null> {
  const bundle = (await parts.bundleOf(of.bundle)) ?? parts.current
  const [integration = '', action = ''] = of.action.split('.')
  const known = findAction(bundle.integrations, integration, action)
  if (known === undefined || !isObject(known.spec.confirm)) return null
  const made = await makeEffect(
    {
      ...{ id: of.effect, run: of.run, playbook: of.playbook, incident: of.incident, path: of.path, action: of.action },
      ...known,
      ...{ inputs: of.inputs, target: of.target, why: 'whether it still is so', approvedBy: of.approvedBy },
      ...{ mode: of.mode, n: 1, kind: 'confirm', timeoutMs, undoes: null, at: parts.clock() },
      patience: { attempts: 1, backoffMs: settlesMs, maxMs: settlesMs },
    },
    parts.places,
    parts.live,
    parts.clock,
  )
  return made.verdict
}

async function tellGone({ store }: UndoParts, of: Containment, at: number): Promise<void> {
  const subject = `effect/${of.effect}`
  const sentence = `${of.action} on ${of.target} was done, and the vendor says that it is not so any more`
  await store.transaction(async (tx) => {
    await lockStory(tx, [of.incident])
    const told = await tx.query(
      `select from audit where tenant = $1 and action = 'containment.gone' and subject = $2 limit 1`,
      [tx.tenant, subject],
    )
    if (told.rowCount > 0) return
    const details = { incident: of.incident, action: of.action, target: of.target }
    await appendAudit(tx, { at, actor: 'gitsoc', action: 'containment.gone', subject, details })
    await appendTimeline(tx, [{ incident: of.incident, at, kind: 'action', actor: 'gitsoc', sentence }])
  })
}
