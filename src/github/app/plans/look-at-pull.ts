import type { Limits } from '../../../preview/index.ts'
import { isContentPath, isGitThere, type Mirror } from '../../../repo/index.ts'
import type { Client, Seat } from '../feature.ts'
import { makePlanApart, PlanCancelled } from './plan-process.ts'
import { type PlanRow, putOffPlan, settlePlan } from './plan-rows.ts'
import { cancelCheck, closeCheck, openCheck, type PlanAt, writeComment } from './tell-plan.ts'

export interface LookParts {
  readonly seat: Seat
  readonly mirror: Mirror
  readonly enrichDir: string | null
  readonly limits: Partial<Limits>
}

/** GitHub lists at most 3,000 files of a pull request. https://docs.github.com/rest/pulls/pulls#list-pull-requests-files */
const maxFiles = 3000

/**
 * Looks at one pull request: what its newest head would have done, as one check run and one comment. A head that is overtaken
 * meanwhile is cancelled, and nothing is told of it.
 */
export async function lookAtPull(
  { seat, mirror, enrichDir, limits }: LookParts,
  row: PlanRow,
  signal: AbortSignal,
): Promise<void> {
  const { store, owner, repo, appId, clock, count } = seat
  const client = await seat.client()
  const at: PlanAt = { store, owner, repo, appId, client }
  const pull = await readPull(client, seat, row.pull)
  if (!pull.isOpen) return settlePlan(store, row, pull.head)
  const check = await openCheck(at, row, pull.head)
  const conclude = async (conclusion: 'success' | 'neutral', title: string, summary: string) => {
    await closeCheck(at, check, { conclusion, title, summary, text: summary, annotations: [] })
    await settlePlan(store, row, pull.head)
  }
  if (!(await touchesContent(client, seat, row.pull)))
    return conclude('success', 'no content is touched', 'Nothing of rules, playbooks and integrations changes.')
  if (!(await isGitThere()))
    return conclude('neutral', 'no plan', 'The program git is not installed on the server: it reads both commits.')
  // What a plan shows of history, whoever reads the repository can read.
  const history = pull.isPrivate ? { databaseUrl: store.url, tenant: store.tenant, now: clock() } : null
  try {
    const refs = [`refs/heads/${pull.base}`, `refs/pull/${row.pull}/head`]
    const [base = '', head = ''] = await mirror.fetch(refs)
    const made =
      head === pull.head
        ? await makePlanApart({ repository: mirror.dir, base, head, history, enrichDir, limits }, signal)
        : null
    if (made === null || (await readPull(client, seat, row.pull)).head !== pull.head)
      throw new PlanCancelled('the branch has moved')
    await closeCheck(at, check, made.check)
    await writeComment(at, row, made.comment)
    await settlePlan(store, row, pull.head)
    count('planned')
  } catch (error) {
    if (!(error instanceof PlanCancelled)) throw error
    const newest = await readPull(client, seat, row.pull)
    if (newest.head !== pull.head) await cancelCheck(at, check, newest.head)
    await putOffPlan(store, row.pull, null, clock())
    count('plan-cancelled')
  }
}

interface Pull {
  readonly head: string
  readonly base: string
  readonly isOpen: boolean
  readonly isPrivate: boolean
}

/** A pull request as it is now: what a webhook said of it may be old. */
export async function readPull(client: Client, { owner, repo }: Seat, pull: number): Promise<Pull> {
  const { data } = await client.rest.pulls.get({ owner, repo, pull_number: pull })
  return {
    head: data.head.sha,
    base: data.base.ref,
    isOpen: data.state === 'open',
    isPrivate: data.base.repo.private,
  }
}

async function touchesContent(client: Client, { owner, repo }: Seat, pull: number): Promise<boolean> {
  let seen = 0
  const pages = client.paginate.iterator(client.rest.pulls.listFiles, { owner, repo, pull_number: pull, per_page: 100 })
  for await (const { data } of pages) {
    seen += data.length
    if (data.some((one) => isContentPath(one.filename) || isContentPath(one.previous_filename ?? ''))) return true
  }
  return seen >= maxFiles
}
