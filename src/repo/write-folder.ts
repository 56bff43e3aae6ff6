import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SourceFile } from '../core/content/index.ts'

/** How a folder differs from the files it shall hold; paths are relative to it. */
export interface FolderChange {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly unchangedCount: number
}

/** Compares a folder with the files it shall hold. Throws where a link stands in the way: it could lead anywhere. */
export async function compareFolder(root: string, folder: string, files: readonly SourceFile[]): Promise<FolderChange> {
  await refuseLinks(root, folder)
  const present = new Set<string>()
  await walk(join(root, folder), '', present)
  const added: string[] = []
  const changed: string[] = []
  for (const { path, text } of files) {
    if (!present.delete(path)) added.push(path)
    else if ((await readFile(join(root, folder, path), 'utf8')) !== text) changed.push(path)
  }
  return { added, changed, removed: [...present].sort(), unchangedCount: files.length - added.length - changed.length }
}

/** Makes the folder hold just the files: each is replaced in one step, the last given is written last. */
export async function writeFolder(
  root: string,
  folder: string,
  files: readonly SourceFile[],
  change: FolderChange,
): Promise<void> {
  const touched = new Set([...change.added, ...change.changed])
  for (const path of change.removed) await removeFile(join(root, folder), path)
  for (const { path, text } of files) {
    if (!touched.has(path)) continue
    const file = join(root, folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.new`, text, { flag: 'w' })
    await rename(`${file}.new`, file)
  }
}

/** The file, and the folders that it leaves empty. */
async function removeFile(top: string, path: string): Promise<void> {
  await rm(join(top, path))
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const isEmpty = await rmdir(join(top, parent)).then(
      () => true,
      () => false,
    )
    if (!isEmpty) return
  }
}

async function refuseLinks(root: string, folder: string): Promise<void> {
  const parts = folder.split('/')
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = join(root, ...parts.slice(0, depth))
    const info = await lstat(path).catch(() => null)
    if (info !== null && !info.isDirectory()) throw new Error(`${path} is a link or no folder`)
  }
}

async function walk(top: string, folder: string, found: Set<string>): Promise<void> {
  const entries = await readdir(join(top, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) await walk(top, path, found)
    else if (entry.isFile()) found.add(path)
    else throw new Error(`${join(top, path)} is a link or no file`)
  }
}
