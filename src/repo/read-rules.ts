import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from '../core/content/index.ts'
import { beginning } from './read-content.ts'

const isRuleFile = (name: string) => /\.ya?ml$/i.test(name)
const maxFiles = 100_000

/**
 * The YAML files of any folder, or one file, in order of their names; paths stand as given, so that an editor opens
 * them. Links and folders that begin with a dot are not followed. Throws when the path is not there.
 */
export async function listRuleFiles(path: string): Promise<readonly string[]> {
  const info = await stat(path)
  if (!info.isDirectory()) return [path]
  const files: string[] = []
  await walk(path, files)
  return files
}

async function walk(folder: string, files: string[]): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name)
    const info = await lstat(path)
    if (info.isDirectory() && !name.startsWith('.')) await walk(path, files)
    else if (info.isFile() && isRuleFile(name)) files.push(path)
    if (files.length > maxFiles) throw new Error(`${folder} leads to more than ${maxFiles} rule files`)
  }
}

/** One of those files. Of a file that is too large only the beginning is given, so that the compiler refuses it. */
export async function readRuleFile(path: string): Promise<SourceFile> {
  return { path, text: await beginning(path) }
}
