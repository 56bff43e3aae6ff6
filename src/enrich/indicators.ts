import {
  isObject,
  type Json,
  type ObservableType,
  observableKey,
  observableTypes,
  oneLine,
} from '../core/model/index.ts'
import { normalizeObservable } from '../core/normalize/index.ts'
import { csvRows } from './csv.ts'
import { type AddIndicator, type AddProblem, timeOf } from './indicator-list.ts'
import { readMisp } from './misp.ts'
import { type FileProblem, type ListFile, type Provider, problemsOf } from './provider.ts'
import { readStix } from './stix.ts'

interface Indicator {
  readonly source: string
  readonly description: string
  /** Epoch milliseconds, null = does not expire. */
  readonly validUntil: number | null
}

const maxIndicators = 2_000_000

/** Indicators of compromise from CSV (`type,value,description,valid_until`), STIX 2.1 bundles and MISP events. */
export function indicators(files: readonly ListFile[]): {
  readonly provider: Provider
  readonly problems: readonly FileProblem[]
  readonly count: number
} {
  const known = new Map<string, Indicator>()
  const problems: FileProblem[] = []
  for (const { name, text } of files) {
    const found = problemsOf(name)
    const add: AddIndicator = (type, raw, description, validUntil) => {
      const value = normalizeObservable(type, raw)
      if (value === null) return false
      const key = observableKey({ type, value, role: 'related' })
      const before = known.get(key)
      const longer =
        before === undefined || (before.validUntil !== null && (validUntil === null || validUntil > before.validUntil))
      if (longer && (before !== undefined || known.size < maxIndicators))
        known.set(key, { source: name, description: oneLine(description, 200), validUntil })
      return true
    }
    try {
      if (name.endsWith('.csv')) readCsv(text, add, found.add)
      else readJson(JSON.parse(text) as Json, add, found.add)
    } catch (error) {
      found.add(`cannot be read: ${oneLine((error as Error).message)}`)
    }
    if (known.size >= maxIndicators) found.add(`there are more than ${maxIndicators} indicators: the rest is left out`)
    problems.push(...found.all())
  }
  const provider: Provider = {
    name: 'indicators',
    lookup(observable) {
      const found = known.get(observableKey(observable))
      if (found === undefined) return null
      return {
        validUntil: found.validUntil,
        enrichment: {
          observable: observableKey(observable),
          provider: 'indicators',
          verdict: 'malicious',
          sentence: `${observable.value} is on the indicator list ${found.source}: ${found.description || 'no description'}`,
          data: { list: found.source, description: found.description },
        },
      }
    },
  }
  return { provider, problems, count: known.size }
}

const types: ReadonlyMap<string, ObservableType> = new Map(observableTypes.map((type) => [type, type]))

function readCsv(text: string, add: AddIndicator, problem: AddProblem): void {
  for (const [line, [type = '', value = '', description = '', until = '']] of csvRows(text)) {
    if (line === 1 && type === 'type') continue
    const known = types.get(type)
    const validUntil = until === '' ? null : timeOf(until)
    if (known === undefined)
      problem(`"${oneLine(type, 40)}" is no type of observable; expected type,value,description,valid_until`, line)
    else if (until !== '' && validUntil === null)
      problem(`"${oneLine(until, 40)}" is no day and no time with zone`, line)
    else if (!add(known, value, description, validUntil)) problem(`"${oneLine(value, 80)}" is no ${type}`, line)
  }
}

function readJson(root: Json, add: AddIndicator, problem: AddProblem): void {
  if (isObject(root) && root.type === 'bundle') readStix(root, add, problem)
  else if (isObject(root) && (Array.isArray(root.Attribute) || isObject(root.Event) || Array.isArray(root.response)))
    readMisp(root, add, problem)
  else problem('is neither a STIX 2.1 bundle nor a MISP event')
}
