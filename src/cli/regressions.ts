import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkRegression } from '../core/closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import { readRecording } from '../ingest/index.ts'

const scenarios = 'test/scenarios'

/** How many regressions of incidents there are in a repository, and what no longer fires in them. */
export interface Regressions {
  readonly count: number
  readonly problems: readonly Problem[]
}

/** Puts the recording of each folder of `test/scenarios` that has an `expected.yaml` through the bundle. */
export async function runRegressions(bundle: Bundle, root: string, names: readonly string[]): Promise<Regressions> {
  const folders = await readdir(join(root, scenarios), { withFileTypes: true }).catch(() => [])
  const problems: Problem[] = []
  let count = 0
  for (const folder of folders.filter((one) => one.isDirectory())) {
    const path = `${scenarios}/${folder.name}/expected.yaml`
    if (names.length > 0 && !names.some((name) => path.includes(name))) continue
    const text = await readFile(join(root, path), 'utf8').catch(() => null)
    if (text === null) continue
    count++
    const deliveries = await readRecording(join(root, scenarios, folder.name, 'recording.ndjson'))
    const lines = deliveries.map(({ receivedAt, source, body }) =>
      JSON.stringify({ at: receivedAt, source, body: JSON.parse(Buffer.from(body).toString('utf8')) as unknown }),
    )
    problems.push(...(await checkRegression(bundle, { path, text }, lines.join('\n'))))
  }
  return { count, problems }
}
