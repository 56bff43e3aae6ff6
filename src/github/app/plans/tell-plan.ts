import { type Annotation, annotationBatches, type CheckRun, commentMark } from '../../../preview/index.ts'
import type { Client, Seat } from '../feature.ts'
import { keepPlaces, type PlanRow } from './plan-rows.ts'

/** What the check run of a pull request is called. */
export const planCheck = 'gitsoc/plan'
/** Of our check runs: which pull request they are of. GitHub names none for forks. */
export const externalIdOf = (pull: number) => `pull/${pull}`

export type PlanAt = Pick<Seat, 'store' | 'owner' | 'repo' | 'appId'> & { readonly client: Client }

/** The check run of a head, made when there is none. After a crash the one that is there is taken. */
export async function openCheck(at: PlanAt, row: PlanRow, head: string): Promise<number> {
  const { store, client, owner, repo, appId } = at
  if (row.checkRun !== null && row.checkHead === head) {
    await client.rest.checks.update({ owner, repo, check_run_id: row.checkRun, status: 'in_progress' })
    return row.checkRun
  }
  const { data: found } = await client.rest.checks.listForRef({
    owner,
    repo,
    ref: head,
    check_name: planCheck,
    app_id: appId,
  })
  const own = found.check_runs.find((one) => one.app?.id === appId && one.external_id === externalIdOf(row.pull))
  const open = { name: planCheck, head_sha: head, status: 'in_progress', external_id: externalIdOf(row.pull) } as const
  const id = own?.id ?? (await client.rest.checks.create({ owner, repo, ...open })).data.id
  if (own !== undefined) await client.rest.checks.update({ owner, repo, check_run_id: id, status: 'in_progress' })
  await keepPlaces(store, row.pull, { checkRun: id, checkHead: head })
  return id
}

/** Ends a check run with its result; the annotations in as many requests as they take. */
export async function closeCheck({ client, owner, repo }: PlanAt, id: number, run: CheckRun): Promise<void> {
  const { conclusion, title, summary, text } = run
  const batches = annotationBatches(run.annotations)
  for (const [index, batch] of batches.entries()) {
    const isLast = index === batches.length - 1
    await client.rest.checks.update({
      ...{ owner, repo, check_run_id: id },
      ...(isLast ? { status: 'completed', conclusion } : { status: 'in_progress' }),
      output: { title, summary, text, annotations: batch.map(annotationOf) },
    })
  }
}

/** Ends a check run that nobody waits for any more: a newer head is looked at instead. */
export async function cancelCheck({ client, owner, repo }: PlanAt, id: number, newer: string): Promise<void> {
  const output = { title: 'overtaken by a newer commit', summary: `Commit ${newer} is looked at instead.` }
  await client.rest.checks.update({
    ...{ owner, repo, check_run_id: id, status: 'completed', conclusion: 'cancelled' },
    output,
  })
}

/** Writes the one comment of a pull request: the one that is there is edited. */
export async function writeComment(at: PlanAt, row: PlanRow, body: string): Promise<void> {
  const { store, client, owner, repo } = at
  const known = row.comment ?? (await ownComment(at, row.pull))
  const edited =
    known === null
      ? null
      : await client.rest.issues.updateComment({ owner, repo, comment_id: known, body }).catch((error: unknown) => {
          // Somebody deleted it.
          if (error instanceof Error && 'status' in error && error.status === 404) return null
          throw error
        })
  const { data } = edited ?? (await client.rest.issues.createComment({ owner, repo, issue_number: row.pull, body }))
  if (data.id !== row.comment) await keepPlaces(store, row.pull, { comment: data.id })
}

/** Ours by who wrote it, not by what it says: anybody can write the mark. */
async function ownComment({ client, owner, repo, appId }: PlanAt, pull: number): Promise<number | null> {
  const all = client.paginate.iterator(client.rest.issues.listComments, {
    owner,
    repo,
    issue_number: pull,
    per_page: 100,
  })
  for await (const { data } of all)
    for (const { id, body, user, performed_via_github_app: app } of data)
      if (body?.startsWith(commentMark) === true && user?.type === 'Bot' && (app == null || app.id === appId)) return id
  return null
}

const annotationOf = ({ path, startLine, endLine, level, title, message }: Annotation) => ({
  ...{ path, title, message },
  ...{ start_line: startLine, end_line: endLine, annotation_level: level },
})
