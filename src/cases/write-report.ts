import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IncidentNumber } from '../core/model/index.ts'
import type { ReportFiles } from './report.ts'

/**
 * Writes the folder `<dir>/<number>/`. Every file is written beside its place and moved there: a reader sees the old
 * file or the new one, never half of one. Files that somebody added to the folder stay.
 */
export async function writeReport(dir: string, number: IncidentNumber, files: ReportFiles): Promise<string> {
  const place = join(dir, String(number))
  const made = join(dir, `.${number}.${process.pid}.new`)
  await rm(made, { recursive: true, force: true })
  await mkdir(made, { recursive: true })
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(made, name), text)
    await mkdir(place, { recursive: true })
    for (const name of Object.keys(files)) await rename(join(made, name), join(place, name))
  } finally {
    await rm(made, { recursive: true, force: true })
  }
  return place
}
