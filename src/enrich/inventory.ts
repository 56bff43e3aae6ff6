import ipaddr from 'ipaddr.js'
import { parse } from 'yaml'
import { isObject, type Json, observableKey } from '../core/model/index.ts'
import type { FileProblem, Provider } from './provider.ts'

interface Entry {
  readonly name: string
  readonly criticality: string
  readonly owner: string
}

/**
 * The company's assets and identities, from YAML: `hosts`, `users`, `resources` (name, criticality, owner, aliases) and
 * `networks` (cidr, name, criticality, owner).
 */
export function inventory(
  file: string,
  text: string,
): { readonly provider: Provider; readonly problems: readonly FileProblem[] } {
  const entries = new Map<string, Entry>()
  const networks: { readonly range: [ipaddr.IPv4 | ipaddr.IPv6, number]; readonly entry: Entry }[] = []
  const problems: FileProblem[] = []
  try {
    const root = parse(text, { maxAliasCount: 0 }) as Json
    const listOf = (key: string) =>
      isObject(root) && Array.isArray(root[key]) ? (root[key] as readonly Json[]).filter(isObject) : []
    for (const [key, type] of [
      ['hosts', 'host'],
      ['users', 'user'],
      ['resources', 'resource'],
    ] as const) {
      for (const raw of listOf(key)) {
        const entry = {
          name: String(raw.name),
          criticality: String(raw.criticality ?? 'medium'),
          owner: String(raw.owner ?? 'unknown'),
        }
        const aliases = Array.isArray(raw.aliases) ? (raw.aliases as readonly Json[]).map(String) : []
        for (const name of [entry.name, ...aliases]) entries.set(`${type}:${name.toLowerCase()}`, entry)
      }
    }
    for (const raw of listOf('networks')) {
      const cidr = String(raw.cidr)
      if (ipaddr.isValidCIDR(cidr))
        networks.push({
          range: ipaddr.parseCIDR(cidr),
          entry: {
            name: String(raw.name ?? cidr),
            criticality: String(raw.criticality ?? 'medium'),
            owner: String(raw.owner ?? 'unknown'),
          },
        })
      else problems.push({ file, message: `"${cidr}" is no network` })
    }
  } catch (error) {
    problems.push({ file, message: `cannot be read: ${(error as Error).message.split('\n')[0]}` })
  }
  const provider: Provider = {
    name: 'inventory',
    lookup(observable) {
      const entry =
        entries.get(`${observable.type}:${observable.value.toLowerCase()}`) ??
        (observable.type === 'ip' ? networkOf(observable.value) : undefined)
      if (entry === undefined) return null
      return {
        observable: observableKey(observable),
        provider: 'inventory',
        verdict: 'context',
        sentence: `${observable.value} is ${entry.name}, criticality ${entry.criticality}, owner ${entry.owner}`,
        data: { criticality: entry.criticality, owner: entry.owner, name: entry.name },
      }
    },
  }
  return { provider, problems }

  function networkOf(value: string): Entry | undefined {
    if (!ipaddr.isValid(value)) return undefined
    const address = ipaddr.process(value)
    return networks.find(
      ({ range: [network, bits] }) => network.kind() === address.kind() && address.match(network, bits),
    )?.entry
  }
}
