import { join } from 'node:path'
import { type Enrichment, type Observable, observableKey } from '../core/model/index.ts'
import { geoip } from './geoip.ts'
import { indicators } from './indicators.ts'
import { inventory } from './inventory.ts'
import type { FileProblem, Known, Provider } from './provider.ts'
import { readList, readLists } from './read-files.ts'
import { warninglists } from './warninglists.ts'

/** Synchronous, offline, cached; the same files and times give the same answers. */
export interface Enricher {
  readonly problems: readonly FileProblem[]
  /** What is known of the observables at a time, in their order; an indicator that has expired by then says nothing. */
  readonly enrich: (observables: readonly Observable[], at: number) => readonly Enrichment[]
}

const cacheSize = 10_000

/**
 * Opens the providers: GeoIP, and from the directory `indicators/*.csv|json`, `warninglists/*.json` and
 * `inventory.yaml`. A file that cannot be read is reported and left out; of a damaged one the good part is used. Providers of `live` change
 * while they are asked: what they know is not kept.
 */
export async function openEnricher(dir?: string, live: readonly Provider[] = []): Promise<Enricher> {
  const problems: FileProblem[] = []
  const providers: Provider[] = [await geoip()]
  if (dir !== undefined) {
    const bad = await readLists(join(dir, 'indicators'), /\.(csv|json)$/)
    const good = await readLists(join(dir, 'warninglists'), /\.json$/)
    const assets = await readList(join(dir, 'inventory.yaml'), 'inventory.yaml')
    const opened = [
      indicators(bad.files),
      warninglists(good.files),
      ...(assets !== null && 'text' in assets ? [inventory(assets)] : []),
    ]
    providers.push(...opened.map((one) => one.provider))
    problems.push(...bad.problems, ...good.problems, ...(assets !== null && 'message' in assets ? [assets] : []))
    problems.push(...opened.flatMap((one) => one.problems))
  }
  const cache = new Map<string, readonly Known[]>()
  // The same observables are asked about with each alert of an incident: by themselves they are found without making a key.
  const seen = new WeakMap<Observable, readonly Known[]>()
  const knownOf = (observable: Observable): readonly Known[] => {
    const before = seen.get(observable)
    if (before !== undefined) return before
    const key = observableKey(observable)
    let found = cache.get(key)
    if (found === undefined) {
      found = providers.map((provider) => provider.lookup(observable)).filter((one) => one !== null)
      if (cache.size >= cacheSize) cache.clear()
      cache.set(key, found)
    }
    seen.set(observable, found)
    return found
  }
  return {
    problems,
    enrich(observables, at) {
      const found: Enrichment[] = []
      const take = (one: Known) => {
        if (one.validUntil === null || at <= one.validUntil) found.push(one.enrichment)
      }
      for (const observable of observables) {
        for (const one of knownOf(observable)) take(one)
        for (const provider of live) {
          const one = provider.lookup(observable)
          if (one !== null) take(one)
        }
      }
      return found
    },
  }
}
