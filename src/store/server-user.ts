import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The user a server runs as; nothing = whoever started it. */
export interface Identity {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root; `nobody` exists on every Unix. */
export async function unprivileged(): Promise<Identity> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith('nobody:'))
    ?.split(':')
  return { uid: Number(fields?.[2] ?? 65534), gid: Number(fields?.[3] ?? 65534) }
}

/** Gives a file to that user. */
export async function own(path: string, user: Identity): Promise<void> {
  if (user.uid !== undefined && user.gid !== undefined) await chown(path, user.uid, user.gid)
}

/** Makes the folder of a store, which that user can reach. Throws an error for people. */
export async function makeDirectory(root: string, user: Identity): Promise<void> {
  try {
    await makeFolder(root)
    await chmod(root, 0o711)
    await own(root, user)
  } catch (error) {
    throw new Error(`cannot use ${root} as store: ${(error as Error).message}`)
  }
  await checkReachable(root, user)
}

/** Not Node's own recursion, which never ends where nothing can be made, such as under /proc. */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path).then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  )
  if (made === null || (made.code === 'EEXIST' && (await stat(path)).isDirectory())) return
  if (made.code !== 'ENOENT' || (await isThere(dirname(path)))) throw made
  await makeFolder(dirname(path))
  await makeFolder(path)
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** As root the server runs as another user, which must be able to reach its files. */
export async function checkReachable(path: string, user: Identity): Promise<void> {
  if (user.uid === undefined) return
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    const { mode, uid } = await stat(at)
    if ((mode & 0o001) === 0 && uid !== user.uid)
      throw new Error(
        `PostgreSQL does not run as root, and the user it runs as instead cannot reach ${path} through ${at}; run gitsoc as an ordinary user, or "chmod o+x ${at}"`,
      )
  }
}
