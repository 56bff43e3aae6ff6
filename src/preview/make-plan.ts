import type { Budget } from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import { compareReplays, fixturePairs, type Plan, type ReplayResult } from '../core/replay/index.ts'
import type { Content } from '../repo/index.ts'
import type { History } from './history.ts'
import { type Limits, type PastDelivery, startLockedChild } from './locked-child.ts'
import { replayInChildren } from './replay-in-children.ts'

export interface PlanParts {
  readonly before: Content
  readonly after: Content
  readonly history: History | null
  readonly budget: Budget
  readonly limits: Limits
  readonly onDelivery?: (count: number) => void
}

/** A plan, or why there is none; problems are of the side that they are told of. */
export type PlanResult =
  | { readonly ok: true; readonly plan: Plan; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly side: 'base' | 'head'; readonly problems: readonly Problem[] }

/** Replays one history with the content of two commits, each in a locked child of its own, and compares. */
export async function makePlan(parts: PlanParts): Promise<PlanResult> {
  const { before, after, limits } = parts
  const start = {
    tenant: 'main',
    fixtures: fixturePairs(before.files, after.files),
    enrichDir: parts.history?.enrichDir ?? null,
  }
  const [base, head] = await replayInChildren(
    [
      startLockedChild({ ...start, commit: before.commit, files: before.files, before: null }, limits),
      startLockedChild({ ...start, commit: after.commit, files: after.files, before: before.files }, limits),
    ],
    parts.history?.deliveries() ?? none(),
    parts.onDelivery,
  )
  if (head === undefined || base === undefined) throw new Error('a child gave no answer')
  const now = head.result
  if (!now.ok) return { ok: false, side: 'head', problems: now.problems }
  const old = base.result
  if (!old.ok) return { ok: false, side: 'base', problems: old.problems }
  return {
    ok: true,
    plan: compareReplays(old.replayed, now.replayed, head.content, parts.budget),
    problems: now.problems,
  }
}

/** What one commit's content makes of a history. */
export async function replayContent(content: Content, history: History, limits: Limits): Promise<ReplayResult> {
  const start = { tenant: 'main', fixtures: [], enrichDir: history.enrichDir, before: null }
  const [answer] = await replayInChildren(
    [startLockedChild({ ...start, commit: content.commit, files: content.files }, limits)],
    history.deliveries(),
  )
  if (answer === undefined) throw new Error('the child gave no answer')
  return answer.result
}

async function* none(): AsyncGenerator<PastDelivery> {}
