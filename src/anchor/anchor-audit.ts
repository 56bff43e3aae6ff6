import { commitFiles, headOf, ownBranchFault, pushBranch, repositoryFault } from '../repo/index.ts'
import { auditHead, type Store } from '../store/index.ts'
import { anchorFolder, anchorPath, anchorText } from './anchor-text.ts'
import { readAnchors } from './read-anchors.ts'

/** Where anchors are kept. */
export interface AnchorPlace {
  /** A repository on this machine, bare or not. */
  readonly repository: string
  readonly branch: string
  /** Path of an SSH private key that signs the commits. */
  readonly signingKey?: string
  /** Name or URL of the repository that the branch is pushed to, where nobody with rights on the database can rewrite it. */
  readonly remote?: string
}

/** What anchoring came to; `isNew` is false where nothing was added to the chain since the last time. */
export interface Anchored {
  readonly head: string
  readonly commit: string
  readonly isNew: boolean
}

/**
 * Commits the head of the tenant's audit chain to a branch of its own. A chain that is rewritten later no longer holds
 * the anchored head, whatever rights its writer had on the database. Throws for a branch that is not its own: one that people
 * work on, or that holds anything else.
 */
export async function anchorAudit(store: Store, place: AnchorPlace, at: number): Promise<Anchored> {
  const { repository, branch, signingKey, remote } = place
  const { tenant } = store
  const missing = await repositoryFault(repository)
  if (missing !== null) throw new Error(missing)
  const fault = await ownBranchFault(repository, branch, anchorFolder)
  if (fault !== null) throw new Error(`${fault}: anchors have a branch of their own`)
  const { seq, hash } = await store.transaction(auditHead)
  const head = `${seq}:${hash}`
  const last = (await readAnchors({ repository, branch }, tenant)).at(-1)?.anchor
  const isNew = last?.head !== head
  const commit = isNew
    ? (
        await commitFiles(repository, {
          branch,
          onto: null,
          files: [{ path: anchorPath(tenant), text: anchorText({ tenant, head, seq, at }) }],
          message: `Audit head of ${tenant} at ${seq}\n\n${head}\n`,
          at,
          ...(signingKey === undefined ? {} : { signingKey }),
        })
      ).commit
    : ((await headOf(repository, branch)) ?? '')
  // Also when nothing is new: the push may have failed the last time.
  if (remote !== undefined) await pushBranch(repository, remote, branch)
  return { head, commit, isNew }
}
