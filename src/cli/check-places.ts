import { readFile } from 'node:fs/promises'
import { type AnchorPlace, anchorFolder } from '../anchor/index.ts'
import { headOf, ownBranchFault, remoteFault, repositoryFault } from '../repo/index.ts'
import type { AnchorSettings } from './anchorer-for.ts'
import type { ClosingSettings } from './closer-for.ts'
import { Failure } from './failure.ts'

type Refuse = (message: string, hint: string) => Failure

/**
 * Looks at the repositories, keys and remotes that a server is to write with, before it starts. Throws a {@link Failure} of one
 * line that begins with `prefix`.
 */
export async function checkPlaces(
  settings: { readonly audit: AnchorSettings | null; readonly closing: ClosingSettings },
  prefix = '',
): Promise<void> {
  const refuse =
    (name: string): Refuse =>
    (message, hint) =>
      new Failure(`${prefix}${name}: ${message}`, { hint, exitCode: 2 })
  if (settings.audit !== null) await checkAnchorPlace(settings.audit.place, refuse('audit'))
  if (settings.closing.kind === 'repository') await checkClosingPlace(settings.closing, refuse('closing'))
}

/** Whether anchors can be written there; throws what `refuse` makes of the reason. */
export async function checkAnchorPlace(place: AnchorPlace, refuse: Refuse): Promise<void> {
  const { repository, branch, signingKey, remote } = place
  await checkRepository(repository, remote ?? null, refuse)
  const fault = await ownBranchFault(repository, branch, anchorFolder)
  if (fault !== null) throw refuse(fault, 'anchors have a branch of their own, such as gitsoc/audit')
  if (signingKey === undefined) return
  const text = await readFile(signingKey, 'utf8').catch(() => null)
  if (text === null)
    throw refuse(`the key ${signingKey} cannot be read`, 'ssh-keygen -t ed25519 -N "" -f FILE makes one')
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----$/m.test(text))
    throw refuse(`${signingKey} is no private key`, 'name the file without .pub')
}

async function checkClosingPlace(
  { repository, base, push }: Extract<ClosingSettings, { readonly kind: 'repository' }>,
  refuse: Refuse,
): Promise<void> {
  await checkRepository(repository, push, refuse)
  if ((await headOf(repository, base)) === null)
    throw refuse(`${repository} has no branch "${base}"`, 'base: names the branch at which proposals begin')
}

async function checkRepository(repository: string, remote: string | null, refuse: Refuse): Promise<void> {
  const fault = await repositoryFault(repository)
  if (fault !== null) throw refuse(fault, 'name the folder of a repository; git init makes one')
  const far = remote === null ? null : await remoteFault(repository, remote)
  if (far !== null) throw refuse(far, 'git remote add NAME URL adds one')
}
