import { mkdir, rename, writeFile } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Artifact } from './perform.ts'

// The forms with callbacks: those of node:fs/promises cost twice the processor time for a small file.
const make = promisify(mkdir)
const move = promisify(rename)
const write = promisify(writeFile)

/** Writes a file in one go, so that nobody reads half of it, with the folders above it where they are missing. */
export async function writeArtifact({ file, text }: Artifact): Promise<void> {
  const part = `${file}.part`
  try {
    await write(part, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await make(dirname(file), { recursive: true })
    await write(part, text)
  }
  await move(part, file)
}
