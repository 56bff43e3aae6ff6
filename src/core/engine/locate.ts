import type { Locate } from '../detect/index.ts'
import type { Enrichment, Observable } from '../model/index.ts'

/** Looks observables up; given from outside, and its answers are kept with the incident. */
export type Enrich = (observables: readonly Observable[], at: number) => readonly Enrichment[]

/**
 * Where addresses are, by what enrichment says of them: `country`, and where a provider knows them `latitude`, `longitude`
 * and `accuracyKm`.
 */
export function locateBy(enrich: Enrich, at: number): Locate {
  return (ip) => {
    const found = enrich([{ type: 'ip', value: ip.toLowerCase(), role: 'related' }], at)
    const data = found.find((one) => one.provider === 'geoip')?.data
    if (data === undefined) return null
    const { country, latitude, longitude, accuracyKm } = data
    return {
      country: typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : null,
      point:
        typeof latitude === 'number' && typeof longitude === 'number' && typeof accuracyKm === 'number'
          ? { latitude, longitude, radiusKm: accuracyKm }
          : null,
    }
  }
}
