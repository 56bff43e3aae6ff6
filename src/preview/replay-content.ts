import type { ReplayResult } from '../core/replay/index.ts'
import type { Content } from '../repo/index.ts'
import type { History } from './history.ts'
import { startLockedChild } from './locked-child.ts'
import type { Limits } from './locked-process.ts'
import { replayInChild } from './replay-in-child.ts'

/** What one commit's content makes of a history. */
export async function replayContent(content: Content, history: History, limits: Limits): Promise<ReplayResult> {
  const { enrichDir, tenant = 'main' } = history
  const start = { tenant, fixtures: [], enrichDir, before: null, commit: content.commit, files: content.files }
  return (await replayInChild(startLockedChild(start, limits), history.deliveries())).result
}
