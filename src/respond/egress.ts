import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Integration } from '../core/normalize/index.ts'

/** Why a request may not leave for this address, or null. `base` is the integration's own URL as it is configured. */
export function egressFault(integration: Integration, url: URL, base: URL, privateAllowed: boolean): string | null {
  if (url.protocol !== 'https:' && !(privateAllowed && url.protocol === 'http:'))
    return `${url.protocol}//${url.host} is not https`
  if (url.username !== '' || url.password !== '') return 'the address holds a user name or password'
  if (url.origin !== base.origin) return `${url.host} is not the host of the integration, ${base.host}`
  const allowed = integration.connection?.egress
  if (Array.isArray(allowed) && !allowed.some((one) => hostFits(String(one), url.hostname)))
    return `${url.hostname} is not among the hosts of the manifest (${allowed.join(', ')})`
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(literal) && !privateAllowed && !isPublic(literal)) return `${literal} is no public address`
  return null
}

/** `*.example.com` stands for every host below it, not for itself. */
function hostFits(pattern: string, host: string): boolean {
  const [one, other] = [pattern.toLowerCase(), host.toLowerCase()]
  return one.startsWith('*.') ? other.endsWith(one.slice(1)) && other.length > one.length - 1 : one === other
}

/** Whether an address is one of the public internet, also when it hides in another form. */
export function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === 'unicast'
}

class NoPublicAddress extends Error {}
export const isEgressRefusal = (error: unknown): boolean => error instanceof NoPublicAddress

/** Looks names up and connects only to what it checked: a name cannot point elsewhere between the check and the call. */
export const publicLookup: LookupFunction = (host, options, done) => {
  const all: LookupAllOptions = { ...options, all: true } as LookupAllOptions
  lookup(host, all, (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
    if (error !== null) return done(error, '')
    const hidden = found.find((one) => !isPublic(one.address))
    const [first] = found
    if (hidden !== undefined || first === undefined)
      return done(new NoPublicAddress(`${host} is ${hidden?.address ?? 'nowhere'}, no public address`), '')
    if (options.all) done(null, found)
    else done(null, first.address, first.family)
  })
}
