import { code, plain, prose } from '../../../cases/index.ts'
import type { Store } from '../../../store/index.ts'
import type { Client } from '../feature.ts'
import { type Deployment, listDeployments } from './deployments.ts'
import { short } from './put-into-service.ts'

/** What the status of a commit is called. */
export const deployContext = 'gitsoc/deployed'
/** Finds the one issue of deploys that were refused. */
export const deployMark = '<!-- gitsoc:deploy -->'
const label = 'gitsoc-deploy'
/** GitHub takes 140 characters. https://docs.github.com/rest/commits/statuses */
const maxDescription = 140
const maxShown = 20

interface At {
  readonly store: Store
  readonly client: Client
  readonly owner: string
  readonly repo: string
  readonly clock: () => number
}

/**
 * Tells GitHub of deployments that it was not told of: a status for each commit, and one issue that is open as long as the
 * newest one was refused. Told again after a crash, it comes to the same.
 */
export async function tellDeployments(at: At): Promise<void> {
  const { store, client, owner, repo } = at
  const untold = await store.transaction((tx) =>
    tx.query<{ number: number }>(
      'select number from deployment where tenant = $1 and told_at is null order by number',
      [tx.tenant],
    ),
  )
  if (untold.rowCount === 0) return
  const all = await store.transaction((tx) => listDeployments(tx, 200))
  for (const { number } of untold.rows) {
    const one = all.find((each) => each.number === number)
    // A commit that GitHub does not have, say of another repository, has no status.
    for (const status of one === undefined ? [] : statusesOf(one))
      await client.rest.repos
        .createCommitStatus({ owner, repo, ...status, context: deployContext })
        .catch(unless([404, 422]))
    if (one !== undefined && one.number === all[0]?.number) await tellIssue(at, one)
    await store.transaction((tx) =>
      tx.query('update deployment set told_at = $3 where tenant = $1 and number = $2', [tx.tenant, number, at.clock()]),
    )
  }
}

interface Status {
  readonly sha: string
  readonly state: 'success' | 'failure' | 'error'
  readonly description: string
}

function statusesOf({ result, commit, digest, kind, problems, reason, previous }: Deployment): readonly Status[] {
  const text = (said: string) => plain(said, maxDescription)
  if (result === 'refused') {
    const [first] = problems
    const place = first?.file == null ? '' : `${first.file}:${first.line}: `
    return [{ sha: commit, state: 'failure', description: text(`${place}${first?.message ?? reason}`) }]
  }
  const inService: Status = {
    sha: commit,
    state: 'success',
    description: text(`bundle ${digest?.slice(0, 16)} is in service${kind === 'push' ? '' : ` (${reason})`}`),
  }
  return kind !== 'rollback' || previous === null
    ? [inService]
    : [{ sha: previous, state: 'error', description: text(`out of service: ${short(commit)} ${reason}`) }, inService]
}

async function tellIssue({ client, owner, repo }: At, one: Deployment): Promise<void> {
  const { data: open } = await client.rest.issues.listForRepo({
    owner,
    repo,
    labels: label,
    state: 'open',
    per_page: 100,
  })
  const known = open.find((issue) => issue.body?.startsWith(deployMark) === true)
  if (one.result === 'deployed') {
    if (known !== undefined)
      await client.rest.issues.update({
        owner,
        repo,
        issue_number: known.number,
        state: 'closed',
        state_reason: 'completed',
      })
    return
  }
  const text = { title: `Content is not deployed: ${short(one.commit)} was refused`, body: issueBody(one) }
  if (known === undefined) await client.rest.issues.create({ owner, repo, ...text, labels: [label] })
  else if (known.body !== text.body)
    await client.rest.issues.update({ owner, repo, issue_number: known.number, ...text })
}

function issueBody({ commit, previous, actor, problems, reason }: Deployment): string {
  const lines = problems.slice(0, maxShown).map(({ file, line, message, hint }) => {
    const place = file === null ? '' : `${code(`${file}:${line}`)} `
    return `- ${place}${prose(message)}${hint === null ? '' : `. To do: ${prose(hint)}`}`
  })
  return [
    deployMark,
    `Commit ${code(commit)} by ${code(actor)} was not put into service. ${previous === null ? 'Nothing was deployed before.' : `In service stays ${code(previous)}.`}`,
    '',
    ...(lines.length === 0 ? [prose(reason)] : lines),
    ...(problems.length > maxShown
      ? [`- ${problems.length - maxShown} more: ${code('gitsoc validate')} shows them all`]
      : []),
    '',
    'This issue is closed when a commit is deployed.',
  ].join('\n')
}

function unless(expected: readonly number[]): (error: unknown) => void {
  return (error) => {
    if (error instanceof Error && 'status' in error && expected.includes(Number(error.status))) return
    throw error
  }
}
