import { open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
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
  const problems: FileProblem[] = []
  const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') problems.push({ file: basename(dir), message: `cannot be read: ${error.message}` })
    return []
  })
  const names = found.filter((name) => !/^(?:\.|readme)/i.test(name)).sort()
  for (const file of names.filter((name) => !form.test(name)))
    problems.push({ file, message: 'is left out: its name says nothing of a form that is read here' })
  const read = await Promise.all(names.filter((name) => form.test(name)).map((name) => readList(join(dir, name), name)))
  return {
    files: read.filter((one) => one !== null && 'text' in one),
    problems: [...problems, ...read.filter((one) => one !== null && 'message' in one)],
  }
}
