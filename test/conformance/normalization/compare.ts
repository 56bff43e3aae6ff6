import { isObject, type Json, type JsonObject, type Observable } from '../../../src/core/model/index.ts'
import { type Normalized, normalizeObservable } from '../../../src/core/normalize/index.ts'

/** What is compared. */
export const fields = ['time', 'severity', 'title', 'host', 'user', 'ip', 'domain', 'hash', 'url'] as const
export type Field = (typeof fields)[number]

/** What somebody else's normalisation says of a record. */
export interface Said {
  readonly time: number | null
  /** Of findings only: what a log level is called says nothing of a threat. */
  readonly severity: number | null
  readonly title: string | null
  readonly values: Readonly<Record<'host' | 'user' | 'ip' | 'domain' | 'hash' | 'url', readonly string[]>>
}

/** How one field of one record compares; `not said` where the other side has nothing to compare with. */
export interface Compared {
  readonly field: Field
  readonly agrees: boolean
  readonly theirs: string
  readonly ours: string
}

type Valued = keyof Said['values']

/** Members of OCSF and of ECS that hold such a value, by the end of their path. */
const places: readonly (readonly [type: Valued, path: RegExp])[] = [
  ['ip', /(^|\.)(ip|ips|intermediate_ips)$/],
  ['hash', /(hashes\.value|\.hash\.(md5|sha1|sha256|sha512))$/],
  ['user', /(^|\.)(user\.name|user\.target\.name|user\.effective\.name)$/],
  ['host', /(^|\.)(device\.hostname|host\.name|host\.hostname)$/],
  ['domain', /(query\.hostname|dns\.question\.name|tls\.sni|url\.hostname|url\.domain)$/],
  ['url', /(url\.url_string|url\.full)$/],
]

/** What an OCSF or ECS document says, in the normal form of our observables. */
export function saidBy(document: JsonObject): Said {
  const values: Record<Valued, string[]> = { host: [], user: [], ip: [], domain: [], hash: [], url: [] }
  const visit = (value: Json | undefined, path: string): void => {
    if (Array.isArray(value)) for (const item of value as readonly Json[]) visit(item, path)
    else if (isObject(value))
      for (const [key, member] of Object.entries(value)) visit(member, path === '' ? key : `${path}.${key}`)
    else if (
      typeof value === 'string' &&
      !/^(unmapped|observables|raw_data|enrichments|metadata|event\.original)\b/.test(path)
    )
      for (const [type, place] of places) {
        const normal = place.test(path) ? normalizeObservable(type, value) : null
        if (normal !== null && !values[type].includes(normal)) values[type].push(normal)
      }
  }
  visit(document, '')
  const finding = objectOf(document.finding_info) ?? objectOf(document.finding)
  const isFinding = document.category_uid === 2
  return {
    time: timeOf(document.time ?? document['@timestamp']),
    severity: isFinding && typeof document.severity_id === 'number' ? document.severity_id : null,
    title: isFinding && typeof finding?.title === 'string' ? finding.title : null,
    values,
  }
}

const objectOf = (value: Json | undefined) => (isObject(value) ? value : undefined)

function timeOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return Math.floor(value < 1e11 ? value * 1000 : value)
  if (typeof value !== 'string') return null
  const at = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(at) ? null : at
}

/** Our result beside theirs, field by field; fields of which they say nothing are left out. */
export function compare(said: Said, ours: Extract<Normalized, { kind: 'event' }>): readonly Compared[] {
  const { event, alert } = ours
  const found: Compared[] = []
  const add = (field: Field, agrees: boolean, theirs: unknown, mine: unknown) =>
    found.push({ field, agrees, theirs: String(theirs), ours: String(mine) })
  if (said.time !== null)
    add(
      'time',
      Math.abs(said.time - event.occurredAt) < 1,
      new Date(said.time).toISOString(),
      new Date(event.occurredAt).toISOString(),
    )
  if (said.severity !== null && alert !== null)
    add('severity', said.severity === alert.severity, said.severity, alert.severity)
  if (said.title !== null) add('title', said.title === alert?.title, said.title, alert?.title)
  const by = (type: Observable['type']) => event.observables.filter((one) => one.type === type).map((one) => one.value)
  for (const [type, values] of Object.entries(said.values) as [Valued, readonly string[]][]) {
    if (values.length === 0) continue
    const mine = type === 'domain' ? [...by('domain'), ...by('host')] : by(type)
    const missing = values.filter((one) => !mine.includes(one))
    add(type, missing.length === 0, missing.length === 0 ? values : missing, mine)
  }
  return found
}
