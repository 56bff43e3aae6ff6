import { mkdir, rename, writeFile } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { hashId, type IncidentNumber, type JsonObject } from '../core/model/index.ts'

/** A file that says what simulated effects would send: those that a run comes to at once share one, named after the first. */
export interface Artifact {
  readonly file: string
  readonly run: string
  readonly incident: IncidentNumber
  readonly actions: readonly JsonObject[]
}

/** The artifact that begins with this effect, without actions so far: the same effect is the same file. */
export function newArtifact(
  dir: string,
  { id, run, incident, path }: { id: string; run: string; incident: IncidentNumber; path: string },
): Artifact {
  const name = `${path.replace(/[^a-z0-9-]+/gi, '-')}-${hashId(id).slice(0, 6)}.json`
  return { file: join(dir, `incident-${incident}`, name), run, incident, actions: [] }
}

// The forms with callbacks: those of node:fs/promises cost twice the processor time for a small file.
const make = promisify(mkdir)
const move = promisify(rename)
const write = promisify(writeFile)

/** Writes a file in one go, so that nobody reads half of it, with the folders above it where they are missing. */
export async function writeArtifact({ file, ...told }: Artifact): Promise<void> {
  const text = `${JSON.stringify({ mode: 'simulate', ...told }, null, 2)}\n`
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
