import ipaddr from 'ipaddr.js'
import { isObject, type Json, observableKey } from '../core/model/index.ts'
import type { FileProblem, Provider } from './provider.ts'

interface List {
  readonly name: string
  readonly exact: ReadonlySet<string>
  readonly suffixes: ReadonlySet<string>
  readonly networks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][]
}

/** Values known to be harmless, in MISP's warning list format: `cidr`, `string` and `hostname`; other types are reported. */
export function warninglists(files: readonly { readonly name: string; readonly text: string }[]): {
  readonly provider: Provider
  readonly problems: readonly FileProblem[]
} {
  const problems: FileProblem[] = []
  const lists = files.flatMap(({ name, text }): List[] => {
    try {
      const root = JSON.parse(text) as Json
      if (!isObject(root) || !Array.isArray(root.list)) throw new Error('has no list')
      const type = String(root.type ?? 'string')
      const values = (root.list as readonly Json[])
        .filter((one): one is string => typeof one === 'string')
        .map((one) => one.toLowerCase())
      if (!['cidr', 'string', 'hostname'].includes(type)) throw new Error(`lists of type "${type}" are not read`)
      return [
        {
          name: String(root.name ?? name),
          exact: new Set(
            type === 'string' ? values : type === 'cidr' ? values.filter((one) => !one.includes('/')) : [],
          ),
          suffixes: new Set(type === 'hostname' ? values.map((one) => one.replace(/^\./, '')) : []),
          networks:
            type === 'cidr' ? values.filter((one) => ipaddr.isValidCIDR(one)).map((one) => ipaddr.parseCIDR(one)) : [],
        },
      ]
    } catch (error) {
      problems.push({ file: name, message: (error as Error).message })
      return []
    }
  })
  const provider: Provider = {
    name: 'warninglists',
    lookup(observable) {
      const value = observable.value.toLowerCase()
      const found = lists.find(
        (list) =>
          list.exact.has(value) || inSuffixes(list, observable.type, value) || inNetworks(list, observable.type, value),
      )
      if (found === undefined) return null
      return {
        observable: observableKey(observable),
        provider: 'warninglists',
        verdict: 'benign',
        sentence: `${observable.value} is on the warning list ${found.name}`,
        data: { list: found.name },
      }
    },
  }
  return { provider, problems }
}

function inSuffixes(list: List, type: string, value: string): boolean {
  if (list.suffixes.size === 0 || (type !== 'domain' && type !== 'host')) return false
  for (let name = value; name !== ''; name = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '')
    if (list.suffixes.has(name)) return true
  return false
}

function inNetworks(list: List, type: string, value: string): boolean {
  if (list.networks.length === 0 || type !== 'ip' || !ipaddr.isValid(value)) return false
  const address = ipaddr.process(value)
  return list.networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}
