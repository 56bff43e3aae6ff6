import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from '../core/content/index.ts'
import { oneLine } from '../core/model/index.ts'
import { fetchRepository, isRepositoryUrl } from './fetch-repository.ts'
import { commitOf, git, readObjects } from './git.ts'

/** What a place that rules come from holds: files, and what is refused without being read. */
export interface PackSource {
  /** Null for a folder that is read as it lies on the disk. */
  readonly commit: string | null
  /** Time of the commit, RFC 3339 in UTC. */
  readonly date: string | null
  /** In order of their paths, which are relative to the source, with `/`. */
  readonly files: readonly SourceFile[]
  readonly refused: readonly { readonly path: string; readonly message: string }[]
}

/** Which files are wanted, by path. */
export type Wanted = (path: string) => boolean

const maxFileBytes = 1_000_000
const maxTotalBytes = 64 * 1024 * 1024
const maxFiles = 20_000

type Refused = { path: string; message: string }
/** A path is the source's word: it commands no terminal and breaks no line. */
const shown = ({ path, message }: Refused): Refused => ({ path: oneLine(path, 200), message })

/**
 * Reads the wanted files of a folder as it lies on the disk, of a commit of a local repository, or of a repository
 * elsewhere. Nothing of the source is run. Links, submodules, odd paths, files that are too large or not UTF-8 are refused
 * and named. Throws when the source is not there or holds more than the limits.
 */
export async function readPack(source: string, ref: string | null, wanted: Wanted): Promise<PackSource> {
  if (isRepositoryUrl(source)) {
    const fetched = await fetchRepository(source, ref)
    try {
      return await readPackCommit(fetched.dir, 'FETCH_HEAD', wanted)
    } finally {
      await fetched.remove()
    }
  }
  if (/^[\w+.-]+:[/:]/.test(source))
    throw new Error(`"${source}" is no address that is read: https, ssh, file or a path`)
  const info = await stat(source).catch(() => null)
  if (info === null || !info.isDirectory()) throw new Error(`there is no folder ${source}`)
  return ref === null ? readFolder(source, wanted) : readPackCommit(source, ref, wanted)
}

async function readFolder(root: string, wanted: Wanted): Promise<PackSource> {
  const files: SourceFile[] = []
  const refused: Refused[] = []
  let total = 0
  const walk = async (folder: string) => {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const path = folder === '' ? name : `${folder}/${name}`
      const info = await lstat(join(root, path))
      if (info.isDirectory()) {
        if (name !== '.git') await walk(path)
        continue
      }
      if (!wanted(path) && !(info.isSymbolicLink() && wanted(`${path}/x.yml`))) continue
      const flaw = info.isFile() ? (flawOf(path) ?? sizeFlaw(info.size)) : 'it is a link or no file'
      if (flaw !== null) {
        refused.push({ path, message: flaw })
        continue
      }
      total += info.size
      bounded(files.length, total, root)
      take(path, await readFile(join(root, path)), files, refused)
    }
  }
  await walk('')
  return { commit: null, date: null, files: sorted(files), refused: sorted(refused.map(shown)) }
}

async function readPackCommit(root: string, revision: string, wanted: Wanted): Promise<PackSource> {
  const commit = await commitOf(root, revision)
  const listing = (await git(root, ['ls-tree', '-r', '-z', '-l', '--full-tree', commit])).toString('utf8')
  const refused: Refused[] = []
  const entries: { path: string; object: string }[] = []
  let total = 0
  for (const line of listing.split('\0')) {
    const [, mode = '', object = '', size = '', path = ''] =
      /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\S+)\t(.+)$/s.exec(line) ?? []
    const isFile = mode === '100644' || mode === '100755'
    if (path === '' || (!wanted(path) && !(!isFile && wanted(`${path}/x.yml`)))) continue
    const flaw = isFile ? (flawOf(path) ?? sizeFlaw(Number(size))) : 'it is a link or a submodule'
    if (flaw !== null) {
      refused.push({ path, message: flaw })
      continue
    }
    total += Number(size)
    entries.push({ path, object })
    bounded(entries.length, total, root)
  }
  const contents = await readObjects(
    root,
    entries.map((one) => one.object),
  )
  const files: SourceFile[] = []
  for (const [index, { path }] of entries.entries()) take(path, contents[index] ?? Buffer.alloc(0), files, refused)
  return { commit, date: await dateOf(root, commit), files: sorted(files), refused: sorted(refused.map(shown)) }
}

/** The committer's time, from the commit itself: `git log` could be made to run programs by the repository's configuration. */
async function dateOf(root: string, commit: string): Promise<string | null> {
  const text = (await git(root, ['cat-file', 'commit', commit])).toString('utf8')
  const seconds = Number(/^committer .* (\d{1,12}) [+-]\d{4}$/m.exec(text)?.[1] ?? Number.NaN)
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : null
}

function flawOf(path: string): string | null {
  if (path.length > 200) return 'its path is longer than 200 characters'
  const isPlain = path.split('/').every((part) => /^[A-Za-z0-9_][\w .()+,@&=%#'-]*$/.test(part))
  return isPlain ? null : 'its path has characters or parts that are not taken'
}

const sizeFlaw = (size: number) => (size > maxFileBytes ? `it is larger than ${maxFileBytes} bytes` : null)

function bounded(count: number, total: number, root: string): void {
  if (count > maxFiles || total > maxTotalBytes)
    throw new Error(`${root} holds more than ${maxFiles} files or ${maxTotalBytes} bytes of rules`)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function take(path: string, bytes: Uint8Array, files: SourceFile[], refused: Refused[]): void {
  try {
    files.push({ path, text: utf8.decode(bytes) })
  } catch {
    refused.push({ path, message: 'it is not UTF-8' })
  }
}

const sorted = <T extends { readonly path: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => (a.path < b.path ? -1 : 1))
