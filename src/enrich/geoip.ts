import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { open, type Response } from 'maxmind'
import { isObject, observableKey } from '../core/model/index.ts'
import type { Provider } from './provider.ts'

const database = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'

/**
 * The country of a public address, from the database that comes with the npm package (CC0; it holds `country_code` only).
 * Private and reserved addresses have none, though the database names countries for some of them.
 */
export async function geoip(): Promise<Provider> {
  const reader = await open<Response>(createRequire(import.meta.url).resolve(database))
  return {
    name: 'geoip',
    lookup(observable) {
      if (observable.type !== 'ip' || !isPublic(observable.value)) return null
      const found: unknown = reader.get(observable.value)
      const country = isObject(found) ? found.country_code : undefined
      if (typeof country !== 'string') return null
      return {
        validUntil: null,
        enrichment: {
          observable: observableKey(observable),
          provider: 'geoip',
          verdict: 'context',
          sentence: `${observable.value} is registered in ${country}`,
          data: { country },
        },
      }
    },
  }
}

function isPublic(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.process(address).range() === 'unicast'
}
