import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ContainmentFile, parseContainment } from '../../cases/index.ts'
import type { IncidentNumber, Result } from '../../core/model/index.ts'

const maxBytes = 1_000_000

/** Incidents that have a folder. */
export async function incidentsIn(dir: string): Promise<readonly IncidentNumber[]> {
  const names = await readdir(dir).catch(() => [])
  return names.filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number)
}

const fileOf = (dir: string, number: IncidentNumber) => join(dir, String(number), 'containment.yaml')

/** The `containment.yaml` of an incident; null when it has none. */
export async function readContainmentFile(
  dir: string,
  number: IncidentNumber,
): Promise<Result<ContainmentFile> | null> {
  const file = fileOf(dir, number)
  const found = await stat(file).catch(() => null)
  if (found === null) return null
  const place = { file, line: 1, column: 1 }
  const refuse = (message: string): Result<ContainmentFile> => ({
    ok: false,
    problems: [{ severity: 'error', code: 'containment/file', message, place }],
  })
  if (!found.isFile() || found.size > maxBytes) return refuse(`is no file of at most ${maxBytes} bytes`)
  const parsed = parseContainment(file, await readFile(file, 'utf8'))
  return parsed.ok && parsed.value.incident !== number
    ? refuse(`it says incident ${parsed.value.incident} and lies in the folder of ${number}`)
    : parsed
}

/** Writes it whole or not at all; true when it was another before. */
export async function writeContainmentFile(dir: string, number: IncidentNumber, text: string): Promise<boolean> {
  const file = fileOf(dir, number)
  if ((await readFile(file, 'utf8').catch(() => null)) === text) return false
  await mkdir(join(dir, String(number)), { recursive: true })
  const part = `${file}.${randomUUID()}.part`
  try {
    await writeFile(part, text)
    await rename(part, file)
  } finally {
    await rm(part, { force: true })
  }
  return true
}
