import { parse } from 'yaml'
import { isObject, type Json, type JsonObject, observableKey, oneLine, own } from '../core/model/index.ts'
import { networkSet } from './network-set.ts'
import { type FileProblem, type ListFile, type Provider, problemsOf, textOf } from './provider.ts'

interface Entry {
  readonly name: string
  readonly criticality: string
  readonly owner: string
}

const criticalities: ReadonlySet<string> = new Set(['low', 'medium', 'high', 'critical'])
const sections = new Map([
  ['hosts', 'host'],
  ['users', 'user'],
  ['resources', 'resource'],
])

/**
 * The company's assets and identities, from YAML: `hosts`, `users`, `resources` (name, criticality, owner, aliases) and
 * `networks` (cidr, name, criticality, owner). An address is in the smallest network that holds it; a host is also
 * known by its first label, as in grouping.
 */
export function inventory({ name: file, text }: ListFile): {
  readonly provider: Provider
  readonly problems: readonly FileProblem[]
} {
  const entries = new Map<string, Entry>()
  const networks = networkSet<Entry>()
  const found = problemsOf(file)
  for (const [section, raw] of read(text, found.add)) {
    const criticality = textOf(own(raw, 'criticality')) || 'medium'
    const name = oneLine(textOf(own(raw, 'name')), 120)
    const owner = oneLine(textOf(own(raw, 'owner')), 120) || 'unknown'
    const cidr = textOf(own(raw, 'cidr'))
    if (!criticalities.has(criticality))
      found.add(`${section}: "${oneLine(criticality, 40)}" is none of ${[...criticalities].join(', ')}`)
    else if (section === 'networks') {
      if (!networks.add(cidr, { name: name || cidr, criticality, owner }))
        found.add(`"${oneLine(cidr, 80)}" is no network`)
    } else if (name === '') found.add(`${section}: an entry has no name`)
    else {
      const aliases = own(raw, 'aliases')
      const names = Array.isArray(aliases) ? (aliases as readonly Json[]).map(textOf).filter((one) => one !== '') : []
      for (const one of [name, ...names])
        entries.set(`${sections.get(section)}:${one.toLowerCase()}`, { name, criticality, owner })
    }
  }
  const provider: Provider = {
    name: 'inventory',
    lookup({ type, value, role }) {
      const lower = value.toLowerCase()
      const entry =
        type === 'ip'
          ? networks.find(value)
          : (entries.get(`${type}:${lower}`) ??
            (type === 'host' ? entries.get(`host:${lower.split('.')[0]}`) : undefined))
      if (entry === undefined) return null
      const { name, criticality, owner } = entry
      return {
        validUntil: null,
        enrichment: {
          observable: observableKey({ type, value, role }),
          provider: 'inventory',
          verdict: 'context',
          sentence: `${value} is ${name === value ? '' : `${name} `}in the inventory, criticality ${criticality}, owner ${owner}`,
          data: { criticality, owner, name },
        },
      }
    },
  }
  return { provider, problems: found.all() }
}

function* read(
  text: string,
  problem: (message: string, line?: number) => void,
): Generator<readonly [string, JsonObject]> {
  let root: Json
  try {
    root = parse(text, { maxAliasCount: 0, uniqueKeys: true }) as Json
  } catch (error) {
    const { message, linePos } = error as Error & { linePos?: readonly { line: number }[] }
    problem(`cannot be read: ${oneLine(message.split('\n')[0] ?? '')}`, linePos?.[0]?.line)
    return
  }
  if (!isObject(root)) return problem('is no mapping of hosts, users, resources and networks')
  for (const [section, list] of Object.entries(root)) {
    if (section !== 'networks' && !sections.has(section))
      problem(`"${oneLine(section, 40)}" is none of hosts, users, resources, networks`)
    else if (!Array.isArray(list)) problem(`${section} is no list`)
    else
      for (const one of list as readonly Json[]) {
        if (isObject(one)) yield [section, one]
        else problem(`${section}: an entry is no mapping`)
      }
  }
}
