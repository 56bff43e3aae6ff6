import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Observable, ObservableType } from '../../src/core/model/index.ts'
import { type Enricher, openEnricher } from '../../src/enrich/index.ts'

/** An enricher over these files; the directory goes when the test ends. */
export async function enricherOf(files: Readonly<Record<string, string>>): Promise<Enricher> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-enrich-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  return openEnricher(dir)
}

export const observable = (type: ObservableType, value: string): Observable => ({ type, value, role: 'related' })

/** `provider verdict` of everything known of a value at a time, without GeoIP. */
export function known(enricher: Enricher, type: ObservableType, value: string, at = 0): readonly string[] {
  return enricher
    .enrich([observable(type, value)], at)
    .filter((one) => one.provider !== 'geoip')
    .map((one) => `${one.provider} ${one.verdict}`)
}
