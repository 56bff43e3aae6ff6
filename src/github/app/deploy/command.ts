import type { SourceFile } from '../../../core/content/index.ts'
import { type Content, comesAfter, playbookAuthors, readCommit } from '../../../repo/index.ts'
import type { Store } from '../../../store/index.ts'
import {
  currentDeployment,
  type Deployment,
  deploymentBefore,
  deploymentOf,
  type NewDeployment,
} from './deployments.ts'
import { type CommitFacts, putIntoService, type ServiceParts } from './put-into-service.ts'

/** What a person asks for. */
export interface DeployWish {
  /** A revision; null = back to what was in service before. */
  readonly commit: string | null
  readonly actor: string
  readonly reason: string
  /** Also a commit that does not come after the one in service. */
  readonly force: boolean
  /** Where commits are looked for that were never in service here. */
  readonly repository: string
}

export type DeployDone =
  | { readonly ok: true; readonly deployment: NewDeployment & { readonly number: number } }
  | { readonly ok: false; readonly message: string; readonly hint: string }

/**
 * Puts a commit into service by hand. What was in service before is taken from the store, without a repository; anything else
 * must come after what is in service, unless it is forced. Every server follows at once. Throws when the repository cannot be read.
 */
export async function deployByCommand(parts: ServiceParts, wish: DeployWish): Promise<DeployDone> {
  const { store } = parts
  const { actor, reason, force } = wish
  const current = await store.transaction(currentDeployment)
  const known = await knownCommit(store, wish.commit, current)
  if (known === null && wish.commit === null)
    return {
      ok: false,
      message: current === null ? 'nothing was deployed yet' : 'nothing else was in service before',
      hint: 'gitsoc deploys list shows what was; name a commit instead',
    }
  if (current !== null && known?.digest === current.digest && known.commit === current.commit)
    return { ok: false, message: `${current.commit.slice(0, 12)} is in service already`, hint: 'gitsoc deploys list' }
  const candidate = { actor, reason, pull: null }
  if (known !== null) {
    const facts = storedFacts(store, known)
    const going = { ...candidate, commit: known.commit, kind: 'rollback' as const, force: true }
    return { ok: true, deployment: await putIntoService(parts, going, facts, current) }
  }
  const content = await readCommit(wish.repository, wish.commit ?? 'HEAD')
  if (current?.commit === content.commit)
    return { ok: false, message: `${current.commit.slice(0, 12)} is in service already`, hint: 'gitsoc deploys list' }
  const facts: CommitFacts = {
    comesAfter: (before) => comesAfter(wish.repository, content.commit, before),
    unsigned: async () => null,
    read: async () => content,
    authors: (playbooks) => playbookAuthors(wish.repository, content.commit, playbooks),
  }
  const coming = { ...candidate, commit: content.commit, kind: 'command' as const, force }
  return { ok: true, deployment: await putIntoService(parts, coming, facts, current) }
}

function knownCommit(store: Store, commit: string | null, current: Deployment | null): Promise<Deployment | null> {
  return store.transaction(async (tx) =>
    commit !== null ? deploymentOf(tx, commit) : current === null ? null : deploymentBefore(tx, current),
  )
}

/** A commit that was in service before: its files are kept, so that it can go back when its repository is away. */
function storedFacts(store: Store, { commit, digest }: Deployment): CommitFacts {
  const row = async () => {
    const found = await store.transaction((tx) =>
      tx.query<{ files: readonly SourceFile[]; authors: Readonly<Record<string, readonly string[]>> }>(
        'select files, authors from bundle where tenant = $1 and digest = $2',
        [tx.tenant, digest],
      ),
    )
    if (found.rows[0] === undefined) throw new Error(`the files of ${commit} are no longer kept`)
    return found.rows[0]
  }
  return {
    comesAfter: async () => false,
    unsigned: async () => null,
    read: async (): Promise<Content> => ({ commit, files: (await row()).files }),
    authors: async () => (await row()).authors,
  }
}
