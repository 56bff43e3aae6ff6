import type { ContentChange } from '../core/content/index.ts'
import { type ContentCommit, contentCommits, readCommit } from '../repo/index.ts'
import type { History } from './history.ts'
import { startLockedChild } from './locked-child.ts'
import type { Limits } from './locked-process.ts'
import { replayContent } from './replay-content.ts'
import { replayInChild } from './replay-in-child.ts'

export interface BisectParts {
  readonly root: string
  readonly good: string
  readonly bad: string
  readonly history: History
  readonly rule: string
  /** Whether the rule stopped raising alerts, or began to. */
  readonly wanted: 'lost' | 'gained'
  readonly limits: Limits
  readonly onTry?: (commit: ContentCommit, tried: number) => void
}

/** A commit that was replayed; `alerts` is null when its content did not load or replay to the end. */
export interface Tried extends ContentCommit {
  readonly alerts: number | null
}

export interface Bisected {
  readonly alerts: { readonly good: number; readonly bad: number }
  /** The first commit after which it is as at the bad one. */
  readonly found: ContentCommit
  /** What that commit changes. */
  readonly content: readonly ContentChange[]
  /** Commits right before it that do not load: the change may have come with any of these. */
  readonly undecided: readonly ContentCommit[]
  readonly tried: readonly Tried[]
  readonly commitCount: number
}

/**
 * Finds the commit with which a rule lost or gained alerts on a history, by halving the commits that touch content. A commit
 * that does not load is passed over. Throws when the two ends do not differ so, or do not load.
 */
export async function bisect(parts: BisectParts): Promise<Bisected> {
  const { root, good, bad, rule, wanted } = parts
  const commits = await contentCommits(root, good, bad)
  const countAt = async (revision: string): Promise<number | null> => {
    const result = await replayContent(await readCommit(root, revision), parts.history, parts.limits)
    return result.ok ? (result.replayed.ruleCounts.find((one) => one.rule === rule)?.alerts ?? 0) : null
  }
  const alerts = { good: known(await countAt(good), good), bad: known(await countAt(bad), bad) }
  const isLikeBad = (count: number) => (wanted === 'lost' ? count < alerts.good : count > alerts.good)
  if (!isLikeBad(alerts.bad) || commits.length === 0)
    throw new Error(
      `the rule ${rule} has ${alerts.good} alerts at ${good} and ${alerts.bad} at ${bad}: nothing was ${wanted}`,
    )
  const tried: Tried[] = []
  const counts = new Map<number, number | null>([[commits.length - 1, alerts.bad]])
  let low = -1
  let high = commits.length - 1
  for (;;) {
    const next = nearestOpen(low, high, counts)
    const commit = next === null ? undefined : commits[next]
    if (next === null || commit === undefined) break
    parts.onTry?.(commit, tried.length)
    const count = await countAt(commit.commit)
    counts.set(next, count)
    tried.push({ ...commit, alerts: count })
    if (count === null) continue
    if (isLikeBad(count)) high = next
    else low = next
  }
  const found = commits[high]
  if (found === undefined) throw new Error('the commits changed while they were searched')
  return {
    alerts,
    found,
    content: await changesOf(root, found.commit, parts.limits),
    undecided: commits.slice(low + 1, high),
    tried,
    commitCount: commits.length,
  }
}

/** The place nearest to the middle between two ends that nobody has tried; null when there is none. */
export function nearestOpen(low: number, high: number, tried: ReadonlyMap<number, unknown>): number | null {
  const middle = Math.floor((low + high) / 2)
  for (let away = 0; away <= high - low; away++)
    for (const at of [middle - away, middle + away]) if (at > low && at < high && !tried.has(at)) return at
  return null
}

function known(count: number | null, revision: string): number {
  if (count === null) throw new Error(`the content of ${revision} does not load: gitsoc validate --commit ${revision}`)
  return count
}

/** What a commit changes, read where content that nobody has reviewed is read. */
async function changesOf(root: string, commit: string, limits: Limits): Promise<readonly ContentChange[]> {
  const after = await readCommit(root, commit)
  const before = await readCommit(root, `${commit}~1`).catch(() => ({ files: [] }))
  const child = startLockedChild(
    { tenant: 'main', commit, files: after.files, before: before.files, fixtures: [], enrichDir: null },
    limits,
  )
  return (await replayInChild(child, nothing())).content
}

async function* nothing(): AsyncGenerator<never> {}
