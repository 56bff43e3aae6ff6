// The program of the process that makes a plan: reads what to do from standard input, writes what is told of it.
import { setPriority } from 'node:os'
import { text } from 'node:stream/consumers'
import { tenantId } from '../../../core/model/index.ts'
import { checkRunOf, type History, planMarkdown, previewChange, tenantHistory } from '../../../preview/index.ts'
import { connect } from '../../../store/index.ts'
import type { MadePlan, PlanWork } from './plan-process.ts'

const niceness = 10

setPriority(niceness)
const work = JSON.parse(await text(process.stdin)) as PlanWork
const made = await withHistory(async (history): Promise<MadePlan> => {
  const { repository, base, head, limits } = work
  const preview = await previewChange({ repository, base, head, history, limits })
  return { check: checkRunOf(preview), comment: planMarkdown(preview) }
})
process.stdout.write(JSON.stringify(made))

async function withHistory<T>(use: (history: History | null) => Promise<T>): Promise<T> {
  if (work.history === null) return use(null)
  const { databaseUrl, tenant, now } = work.history
  const store = connect(databaseUrl, tenantId(tenant), { connections: 2 })
  try {
    return await use(await tenantHistory({ ...store, url: databaseUrl }, { now, enrichDir: work.enrichDir }))
  } finally {
    await store.close()
  }
}
