import {
  isObject,
  type Json,
  type JsonObject,
  type Observable,
  observableKey,
  observableTypes,
  oneLine,
} from '../core/model/index.ts'
import type { FileProblem, Provider } from './provider.ts'

interface Indicator {
  readonly source: string
  readonly description: string
  /** Epoch milliseconds, null = does not expire. */
  readonly validUntil: number | null
}

/** Indicators of compromise from CSV (`type,value,description,valid_until`), STIX 2.1 bundles and MISP events. */
export function indicators(files: readonly { readonly name: string; readonly text: string }[]): {
  readonly provider: Provider
  readonly problems: readonly FileProblem[]
  readonly count: number
} {
  const known = new Map<string, Indicator>()
  const problems: FileProblem[] = []
  for (const { name, text } of files) {
    const add = (type: string, value: string, description: string, validUntil: number | null) => {
      if ((observableTypes as readonly string[]).includes(type) && value !== '')
        known.set(`${type}:${type === 'url' ? value : value.toLowerCase()}`, {
          source: name,
          description: oneLine(description, 200),
          validUntil,
        })
    }
    try {
      if (name.endsWith('.csv')) readCsv(text, name, add, problems)
      else readJson(JSON.parse(text) as Json, name, add, problems)
    } catch (error) {
      problems.push({ file: name, message: `cannot be read: ${(error as Error).message}` })
    }
  }
  const provider: Provider = {
    name: 'indicators',
    lookup(observable: Observable, at: number) {
      const found = known.get(
        `${observable.type}:${observable.type === 'url' ? observable.value : observable.value.toLowerCase()}`,
      )
      if (found === undefined || (found.validUntil !== null && found.validUntil < at)) return null
      return {
        observable: observableKey(observable),
        provider: 'indicators',
        verdict: 'malicious',
        sentence: `${observable.value} is on the indicator list ${found.source}: ${found.description || 'no description'}`,
        data: { list: found.source, description: found.description },
      }
    },
  }
  return { provider, problems, count: known.size }
}

type Add = (type: string, value: string, description: string, validUntil: number | null) => void

function readCsv(text: string, file: string, add: Add, problems: FileProblem[]): void {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#') || (index === 0 && line.startsWith('type,'))) continue
    const [type = '', value = '', description = '', until = ''] = line
      .trim()
      .split(',')
      .map((cell) => cell.trim().replace(/^"|"$/g, ''))
    if (!(observableTypes as readonly string[]).includes(type) || value === '')
      problems.push({
        file,
        message: `line ${index + 1}: expected "type,value,description,valid_until" with a known type`,
      })
    else add(type, value, description, dateOf(until))
  }
}

const dateOf = (text: string): number | null =>
  /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text) || null : null

function readJson(root: Json, file: string, add: Add, problems: FileProblem[]): void {
  if (isObject(root) && root.type === 'bundle') {
    let skipped = 0
    for (const object of listOf(root.objects)) {
      if (object.type !== 'indicator') continue
      const parsed = stixPattern(String(object.pattern ?? ''))
      if (parsed === null) skipped++
      else
        add(
          parsed.type,
          parsed.value,
          String(object.name ?? object.description ?? ''),
          dateOf(String(object.valid_until ?? '')),
        )
    }
    if (skipped > 0)
      problems.push({ file, message: `${skipped} STIX patterns are more than one equality and were skipped` })
    return
  }
  const event = isObject(root) && isObject(root.Event) ? root.Event : isObject(root) ? root : null
  if (event === null || !Array.isArray(event.Attribute)) {
    problems.push({ file, message: 'is neither a STIX bundle nor a MISP event' })
    return
  }
  for (const attribute of listOf(event.Attribute)) {
    const type = mispTypes.get(String(attribute.type))
    if (type !== undefined && attribute.to_ids !== false)
      add(type, String(attribute.value ?? ''), String(attribute.comment || event.info || ''), null)
  }
}

const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []

const mispTypes: ReadonlyMap<string, string> = new Map([
  ['ip-src', 'ip'],
  ['ip-dst', 'ip'],
  ['domain', 'domain'],
  ['hostname', 'domain'],
  ['url', 'url'],
  ['md5', 'hash'],
  ['sha1', 'hash'],
  ['sha256', 'hash'],
  ['email-src', 'email'],
])

/** A STIX pattern of one equality: `[ipv4-addr:value = '198.51.100.1']`. */
function stixPattern(pattern: string): { type: string; value: string } | null {
  const match = /^\s*\[\s*([a-z0-9-]+):(?:value|hashes\.'?[A-Za-z0-9-]+'?)\s*=\s*'([^']{1,2000})'\s*\]\s*$/.exec(
    pattern,
  )
  const type = {
    'ipv4-addr': 'ip',
    'ipv6-addr': 'ip',
    'domain-name': 'domain',
    url: 'url',
    file: 'hash',
    'email-addr': 'email',
  }[match?.[1] ?? '']
  return type === undefined ? null : { type, value: match?.[2] ?? '' }
}
