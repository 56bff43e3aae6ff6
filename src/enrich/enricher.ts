import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Enrichment, Observable } from '../core/model/index.ts'
import { observableKey } from '../core/model/index.ts'
import { geoip } from './geoip.ts'
import { indicators } from './indicators.ts'
import { inventory } from './inventory.ts'
import type { FileProblem, Provider } from './provider.ts'
import { warninglists } from './warninglists.ts'

/** Synchronous, offline, cached; the same files give the same answers. */
export interface Enricher {
  readonly problems: readonly FileProblem[]
  readonly enrich: (observables: readonly Observable[], at: number) => readonly Enrichment[]
}

const cacheSize = 50_000
const hourMs = 3_600_000

/**
 * Opens the providers: GeoIP, and from the directory `indicators/*.csv|json`, `warninglists/*.json` and
 * `inventory.yaml`. A file that cannot be read is reported and left out.
 */
export async function openEnricher(dir?: string): Promise<Enricher> {
  const problems: FileProblem[] = []
  const providers: Provider[] = [await geoip()]
  if (dir !== undefined) {
    const lists = indicators(await filesOf(join(dir, 'indicators'), /\.(csv|json)$/))
    const warnings = warninglists(await filesOf(join(dir, 'warninglists'), /\.json$/))
    const assets = await readFile(join(dir, 'inventory.yaml'), 'utf8').catch(() => null)
    providers.push(lists.provider, warnings.provider)
    problems.push(...lists.problems, ...warnings.problems)
    if (assets !== null) {
      const opened = inventory('inventory.yaml', assets)
      providers.push(opened.provider)
      problems.push(...opened.problems)
    }
  }
  const cache = new Map<string, readonly Enrichment[]>()
  return {
    problems,
    enrich(observables, at) {
      return observables.flatMap((one) => {
        const key = `${Math.floor(at / hourMs)}|${observableKey(one)}`
        let found = cache.get(key)
        if (found === undefined) {
          found = providers
            .map((provider) => provider.lookup(one, Math.floor(at / hourMs) * hourMs))
            .filter((answer) => answer !== null)
          if (cache.size >= cacheSize) cache.clear()
          cache.set(key, found)
        }
        return found
      })
    },
  }
}

async function filesOf(dir: string, form: RegExp): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => form.test(name)).sort()
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(dir, name), 'utf8') })))
}
