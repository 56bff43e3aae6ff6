import { createRequire } from 'node:module'
import { open, type Response } from 'maxmind'
import { observableKey } from '../core/model/index.ts'
import type { Provider } from './provider.ts'

const database = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'

/** The country of an address, from the database that comes with the npm package (CC0). */
export async function geoip(): Promise<Provider> {
  const reader = await open(createRequire(import.meta.url).resolve(database))
  return {
    name: 'geoip',
    lookup(observable) {
      if (observable.type !== 'ip') return null
      const found = reader.get(observable.value) as (Response & { country_code?: unknown }) | null
      const country = found?.country_code
      if (typeof country !== 'string') return null
      return {
        observable: observableKey(observable),
        provider: 'geoip',
        verdict: 'context',
        sentence: `${observable.value} is registered in ${country}`,
        data: { country },
      }
    },
  }
}
