import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileProblem, ListFile } from './provider.ts'

const maxBytes = 64 * 1024 * 1024

/** The text of a file; null when there is none, a problem when it is too large or cannot be read. */
export async function readList(path: string, name: string): Promise<ListFile | FileProblem | null> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > maxBytes) return { file: name, message: `is larger than ${maxBytes >> 20} MB and is left out` }
      return { name, text: await file.readFile('utf8') }
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? null : { file: name, message: `cannot be read: ${message}` }
  }
}

/** The files of a directory with such names, in order of name. */
export async function readLists(
  dir: string,
  form: RegExp,
): Promise<{ readonly files: readonly ListFile[]; readonly problems: readonly FileProblem[] }> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => form.test(name)).sort()
  const read = await Promise.all(names.map((name) => readList(join(dir, name), name)))
  return {
    files: read.filter((one) => one !== null && 'text' in one),
    problems: read.filter((one) => one !== null && 'message' in one),
  }
}
