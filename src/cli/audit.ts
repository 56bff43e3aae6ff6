import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Command } from 'commander'
import { anchorAudit, verifyAnchors } from '../anchor/index.ts'
import { plain } from '../cases/index.ts'
import { type AuditReport, type Store, verifyAudit } from '../store/index.ts'
import { checkAnchorPlace } from './check-places.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface VerifyOptions extends StoreOptions {
  readonly head?: string
  readonly anchor?: true | string
  readonly repository: string
  readonly signers?: string
  readonly json?: boolean
}

interface AnchorOptions extends StoreOptions {
  readonly branch: string
  readonly repository: string
  readonly key?: string
  readonly push?: string
  readonly json?: boolean
}

const branchOfAnchors = 'gitsoc/audit'

/** `gitsoc audit verify` and `gitsoc audit anchor`. */
export function register(program: Command): void {
  const audit = program.command('audit').description('the append-only record of what people and the machine did')
  withStoreOptions(audit.command('verify').description('walk the hash chain: finds any edit, removal or reordering'))
    .option('--head <seq:hash>', 'a head that was noted earlier, outside the database; finds a rewritten chain')
    .option('--anchor [branch]', `hold it against the heads that are kept in Git (default branch: ${branchOfAnchors})`)
    .option('--repository <dir>', 'the repository with the anchors', '.')
    .option('--signers <file>', 'who may sign anchors, as ssh-keygen reads it; every anchor must be signed')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nNeeds no network. Ends with 1 when the chain is broken or an anchor does not fit.')
    .action(verify)
  withStoreOptions(audit.command('anchor').description('commit the head of the chain to a branch of its own'))
    .option('--branch <name>', 'the branch; made when there is none', branchOfAnchors)
    .option('--repository <dir>', 'a repository, bare or not', '.')
    .option('--key <file>', 'SSH private key that signs the commit')
    .option('--push <remote>', 'push the branch there; never forces')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nA server does it by itself with "audit: { repository, every }" in the file of gitsoc start --config.\nThe more often, the less can be rewritten unseen; push it where nobody with rights on the database may write.',
    )
    .action(anchor)
}

async function verify(options: VerifyOptions): Promise<void> {
  const { head, anchor, repository, signers } = options
  if (head !== undefined && anchor !== undefined)
    throw new Failure('--head and --anchor are two ways of the same', { hint: 'give one of them', exitCode: 2 })
  if (signers !== undefined && anchor === undefined)
    throw new Failure('--signers is about anchors', { hint: 'add --anchor', exitCode: 2 })
  if (head !== undefined && !/^\d{1,15}:[0-9a-f]{64}$/.test(head))
    throw new Failure(`"${head}" is no head`, { hint: 'a head is SEQ:HASH, as this command prints it', exitCode: 2 })
  // A file that is not there would look like signatures that do not hold.
  if (signers !== undefined)
    await access(signers, constants.R_OK).catch(() => {
      throw new Failure(`the file of signers ${signers} cannot be read`, { exitCode: 2 })
    })
  await withStore(options, async (store) => {
    const report =
      anchor === undefined
        ? await verifyAudit(store, head === undefined ? [] : [head])
        : await againstAnchors(store, anchor === true ? branchOfAnchors : anchor, repository, signers)
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else if (report.broken === null) process.stdout.write(text(report))
    if (report.broken !== null)
      throw new Failure(`the audit chain is broken at entry ${report.broken.seq}: ${report.broken.why}`, {
        hint: 'compare with a backup; whoever did this had the rights of the database owner',
      })
  })
}

type Verified = AuditReport & Partial<Pick<Awaited<ReturnType<typeof verifyAnchors>>, 'anchors'>>

async function againstAnchors(
  store: Store,
  branch: string,
  repository: string,
  allowedSigners: string | undefined,
): Promise<Verified> {
  const place = { branch, repository, ...(allowedSigners === undefined ? {} : { allowedSigners }) }
  return verifyAnchors(store, place).catch((error: Error) => {
    throw new Failure(`the anchors cannot be read: ${error.message}`, { hint: 'gitsoc audit anchor makes the first' })
  })
}

function text({ entries, head, anchors }: Verified): string {
  const lines = [`${entries} entries, the chain holds`, `head ${head}`]
  const last = anchors?.last
  if (anchors !== undefined && last !== undefined && last !== null)
    lines.push(
      `${anchors.count === 1 ? '1 anchor is' : `${anchors.count} anchors are`} part of it, ${anchors.isSigned ? 'all signed by allowed signers' : 'signatures not checked (--signers)'}`,
      `the last of ${new Date(last.at).toISOString()} in ${last.commit.slice(0, 12)}; ${anchors.entriesSince} entries since`,
    )
  return `${lines.join('\n')}\n`
}

async function anchor(options: AnchorOptions): Promise<void> {
  const { repository, branch, key, push } = options
  const place = {
    ...{ repository, branch },
    ...(key === undefined ? {} : { signingKey: key }),
    ...(push === undefined ? {} : { remote: push }),
  }
  await checkAnchorPlace(place, (message, hint) => new Failure(message, { hint, exitCode: 2 }))
  const done = await withStore(options, (store) =>
    anchorAudit(store, place, Date.now()).catch((error: Error) => {
      throw new Failure(`the head could not be anchored: ${plain(error.message, 500)}`)
    }),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`)
  else
    process.stdout.write(
      `${done.isNew ? 'anchored' : 'nothing new since the last anchor:'} ${done.head}\nin ${done.commit.slice(0, 12)} of ${branch}${push === undefined ? '' : `, pushed to ${push}`}\n`,
    )
}
