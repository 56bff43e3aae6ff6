import {
  isObject,
  type Json,
  type JsonObject,
  type Observable,
  type ObservableType,
  observableKey,
  oneLine,
  own,
} from '../core/model/index.ts'
import { type NetworkSet, networkSet } from './network-set.ts'
import { type FileProblem, type ListFile, type Provider, problemsOf, textOf } from './provider.ts'

interface List {
  readonly name: string
  /** Null = any type. */
  readonly types: ReadonlySet<ObservableType> | null
  readonly exact: ReadonlySet<string>
  readonly hostnames: ReadonlySet<string>
}

/** MISP's `matching_attributes` in our words (misp-warninglists, schema.json). */
const attributes: ReadonlyMap<string, readonly ObservableType[]> = new Map([
  ['ip-src', ['ip']],
  ['ip-dst', ['ip']],
  ['domain', ['domain', 'host']],
  ['hostname', ['domain', 'host']],
  ['url', ['url']],
  ['uri', ['url']],
  ['md5', ['hash']],
  ['sha1', ['hash']],
  ['sha256', ['hash']],
  ['sha512', ['hash']],
  ['email', ['email', 'user']],
  ['email-src', ['email', 'user']],
  ['email-dst', ['email', 'user']],
  ['filename', ['file']],
])

/**
 * Values known to be harmless, in MISP's warning list format: types `cidr`, `string` and `hostname`. Lists of other types
 * (`substring`, `regex`) say nothing precise and are refused.
 */
export function warninglists(files: readonly ListFile[]): {
  readonly provider: Provider
  readonly problems: readonly FileProblem[]
} {
  const problems: FileProblem[] = []
  const networks = networkSet<string>()
  const lists = files.flatMap(({ name, text }) => {
    const found = problemsOf(name)
    const list = readList(name, text, networks, found.add)
    problems.push(...found.all())
    return list === null ? [] : [list]
  })
  const provider: Provider = {
    name: 'warninglists',
    lookup(observable) {
      const value = observable.value.toLowerCase()
      const name =
        lists.find((list) => holds(list, observable, value))?.name ??
        (observable.type === 'ip' ? networks.find(value) : undefined)
      if (name === undefined) return null
      return {
        validUntil: null,
        enrichment: {
          observable: observableKey(observable),
          provider: 'warninglists',
          verdict: 'benign',
          sentence: `${observable.value} is on the warning list ${name}`,
          data: { list: name },
        },
      }
    },
  }
  return { provider, problems }
}

function readList(
  file: string,
  text: string,
  networks: NetworkSet<string>,
  problem: (message: string) => void,
): List | null {
  let root: Json
  try {
    root = JSON.parse(text) as Json
  } catch (error) {
    problem(`cannot be read: ${oneLine((error as Error).message)}`)
    return null
  }
  const raw = isObject(root) ? own(root, 'list') : undefined
  if (!isObject(root) || !Array.isArray(raw)) {
    problem('is no warning list: it has no "list"')
    return null
  }
  const type = textOf(own(root, 'type')) || 'string'
  if (type !== 'cidr' && type !== 'string' && type !== 'hostname') {
    problem(`lists of type "${oneLine(type, 40)}" are not read`)
    return null
  }
  const values = (raw as readonly Json[])
    .filter((one) => typeof one === 'string')
    .map((one) => one.trim().toLowerCase())
  const name = oneLine(textOf(own(root, 'name')) || file, 120)
  const types = typesOf(root)
  const isNetwork = (one: string) => {
    const cidr = one.includes('/') ? one : `${one}/${one.includes(':') ? 128 : 32}`
    return types === null || types.has('ip') ? networks.add(cidr, name) : true
  }
  const bad = raw.length - values.length + (type === 'cidr' ? values.filter((one) => !isNetwork(one)).length : 0)
  if (bad > 0) problem(`${bad} entries are no ${type} and were skipped`)
  return {
    name,
    types,
    exact: new Set(type === 'string' ? values : []),
    hostnames: new Set(type === 'hostname' ? values.map((one) => one.replace(/^\.|\.$/g, '')) : []),
  }
}

function typesOf(root: JsonObject): ReadonlySet<ObservableType> | null {
  const named = own(root, 'matching_attributes')
  if (!Array.isArray(named) || named.length === 0) return null
  return new Set((named as readonly Json[]).flatMap((one) => attributes.get(textOf(one)) ?? []))
}

function holds(list: List, { type, value: shown }: Observable, value: string): boolean {
  if (list.types !== null && !list.types.has(type)) return false
  if (list.exact.has(value)) return true
  if (list.hostnames.size === 0) return false
  const host = type === 'domain' || type === 'host' ? value : type === 'url' ? hostOf(shown) : ''
  for (let name = host; name !== ''; name = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '')
    if (list.hostnames.has(name)) return true
  return false
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
