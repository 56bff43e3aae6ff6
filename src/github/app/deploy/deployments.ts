import { type Bundle, compileBundle, type SourceFile } from '../../../core/content/index.ts'
import { formatPlace, type JsonObject, type Problem } from '../../../core/model/index.ts'
import { keepBundle } from '../../../respond/index.ts'
import { appendAudit, type Store, type Tx } from '../../../store/index.ts'

/** One thing that was put into service, or refused. */
export interface Deployment {
  readonly number: number
  readonly at: number
  readonly commit: string
  /** What was in service before, null = nothing that is on record. */
  readonly previous: string | null
  /** Of the bundle; null when it did not come to one. */
  readonly digest: string | null
  readonly result: 'deployed' | 'refused'
  readonly kind: 'push' | 'command' | 'rollback'
  /** Who: `github:<login>` or a user of a machine. */
  readonly actor: string
  readonly pull: number | null
  /** A sentence. */
  readonly reason: string
  readonly forced: boolean
  readonly problems: readonly DeployProblem[]
}

/** What is wrong, where, and what to write. */
export interface DeployProblem {
  readonly message: string
  readonly file: string | null
  readonly line: number | null
  readonly hint: string | null
}

export type NewDeployment = Omit<Deployment, 'number' | 'problems'> & { readonly problems: readonly Problem[] }

/** NOTIFY channel on which every replica hears that something was deployed. */
export const deployChannel = 'gitsoc_deploy'

const columns = `number, at, commit, previous, digest, result, kind, actor, pull, reason, forced, problems`
const maxProblems = 50

/** What is in service; null when nothing was ever deployed. */
export async function currentDeployment(tx: Tx): Promise<Deployment | null> {
  const found = await tx.query<Deployment>(
    `select ${columns} from deployment where tenant = $1 and result = 'deployed' order by number desc limit 1`,
    [tx.tenant],
  )
  return found.rows[0] ?? null
}

/** The newest first. */
export async function listDeployments(tx: Tx, limit: number): Promise<readonly Deployment[]> {
  const found = await tx.query<Deployment>(
    `select ${columns} from deployment where tenant = $1 order by number desc limit $2`,
    [tx.tenant, limit],
  )
  return found.rows
}

/** Whether a commit was tried before, with whatever result: what polling finds again is not tried again. */
export async function wasTried(tx: Tx, commit: string): Promise<boolean> {
  const found = await tx.query('select from deployment where tenant = $1 and commit = $2 limit 1', [tx.tenant, commit])
  return found.rowCount > 0
}

/** The last commit that was deployed before the one in service, by another digest: what a rollback goes back to. */
export async function deploymentBefore(tx: Tx, current: Deployment): Promise<Deployment | null> {
  const found = await tx.query<Deployment>(
    `select ${columns} from deployment where tenant = $1 and result = 'deployed' and number < $2 and digest <> $3 order by number desc limit 1`,
    [tx.tenant, current.number, current.digest],
  )
  return found.rows[0] ?? null
}

/** The newest deployment of a commit by its id or the beginning of it. */
export async function deploymentOf(tx: Tx, commit: string): Promise<Deployment | null> {
  if (!/^[0-9a-f]{7,64}$/.test(commit)) return null
  const found = await tx.query<Deployment>(
    `select ${columns} from deployment where tenant = $1 and result = 'deployed' and commit like $2 order by number desc limit 1`,
    [tx.tenant, `${commit}%`],
  )
  return found.rows[0] ?? null
}

/** Takes the tenant's turn at deploying until the transaction ends; false when another replica has it. */
export async function takeDeployTurn(tx: Tx): Promise<boolean> {
  const found = await tx.query<{ taken: boolean }>(
    `select pg_try_advisory_xact_lock(hashtext('gitsoc_deploy'), hashtext($1)) as taken`,
    [tx.tenant],
  )
  return found.rows[0]?.taken === true
}

/** Records what was deployed or refused, with the audit; every replica hears of what was deployed. */
export async function recordDeployment(
  store: Store,
  one: NewDeployment,
  deployed: { readonly bundle: Bundle; readonly authors: Readonly<Record<string, readonly string[]>> } | null,
): Promise<number> {
  return store.transaction(async (tx) => {
    await appendAudit(tx, {
      at: one.at,
      actor: one.actor,
      action: one.result === 'refused' ? 'deploy.refused' : one.kind === 'rollback' ? 'deploy.rollback' : 'deploy',
      subject: `commit/${one.commit}`,
      details: auditOf(one),
    })
    if (deployed !== null) await keepBundle(tx, deployed.bundle, { at: one.at, authors: deployed.authors })
    const written = await tx.query<{ number: number }>(
      `insert into deployment (tenant, number, at, commit, previous, digest, result, kind, actor, pull, reason, forced, problems)
        select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 from deployment where tenant = $1
        returning number`,
      [
        tx.tenant,
        ...[
          one.at,
          one.commit,
          one.previous,
          one.digest,
          one.result,
          one.kind,
          one.actor,
          one.pull,
          one.reason,
          one.forced,
        ],
        JSON.stringify(one.problems.slice(0, maxProblems).map(problemOf)),
      ],
    )
    if (one.result === 'deployed') await tx.query('select pg_notify($1, $2)', [deployChannel, tx.tenant])
    return written.rows[0]?.number ?? 0
  })
}

/** The bundle of a digest, compiled from what was kept. Null when it is not here, or is no longer what its digest says. */
export async function readBundle(store: Store, digest: string): Promise<Bundle | null> {
  const found = await store.transaction((tx) =>
    tx.query<{ commit: string; files: readonly SourceFile[] }>(
      'select commit, files from bundle where tenant = $1 and digest = $2',
      [tx.tenant, digest],
    ),
  )
  const [row] = found.rows
  if (row === undefined) return null
  const { bundle } = compileBundle(row.files, row.commit)
  return bundle?.digest === digest ? bundle : null
}

function auditOf(one: NewDeployment): JsonObject {
  const { commit, previous, digest, result, kind, pull, reason, forced, problems } = one
  const first = problems[0]
  return {
    ...{ commit, previous, digest, result, kind, pull, reason, forced, problems: problems.length },
    first:
      first === undefined ? null : `${first.place === undefined ? '' : `${formatPlace(first.place)} `}${first.message}`,
  }
}

const problemOf = ({ message, place, hint }: Problem): DeployProblem => ({
  message,
  file: place?.file ?? null,
  line: place?.line ?? null,
  hint: hint ?? null,
})
