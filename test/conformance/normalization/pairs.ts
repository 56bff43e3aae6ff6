import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, type Json, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer, type Integration, type Normalized } from '../../../src/core/normalize/index.ts'
import { readFiles } from '../../../src/ingest/index.ts'
import { type Compared, compare, type Said, saidBy } from './compare.ts'
import { readNotation } from './notation.ts'

/** A record as we read it and as somebody else says it is. */
export interface Pair {
  /** File of the vendor's record, under the folder of recorded normalisations. */
  readonly file: string
  readonly integration: string
  readonly index: number
  readonly compared: readonly Compared[]
}

/** Documents of others that no record of ours stands beside, and why. */
export interface Unpaired {
  readonly file: string
  readonly reason: string
}

const receivedAt = Date.parse('2026-11-01T00:00:00Z')
/** Integrations that take whatever comes: being recognised by them says that there is none for the product. */
const catchAll = new Set(['generic', 'syslog'])

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) =>
    statSync(join(dir, name)).isDirectory() ? walk(join(dir, name)) : [join(dir, name)],
  )
}

/** The recorded result for a file of vendors' records: [records, result]. */
function* recorded(root: string): Generator<readonly [file: string, documents: readonly JsonObject[]]> {
  for (const file of walk(join(root, 'ocsf-examples')).filter((one) => one.endsWith('.raw')))
    yield [file, documentsOf(readNotation(readFileSync(file.replace(/\.raw$/, '.ocsf.json'), 'utf8')))]
  for (const file of walk(join(root, 'tenzir')).filter((one) => /\/inputs\//.test(one))) {
    const name = (file.split('/').at(-1) as string).replace(/\.[a-z]+$/, '')
    const result = join(file.split('/inputs/')[0] as string, 'ocsf')
    const own = join(result, `${name}.txt`)
    const results = existsSync(own) ? [own] : name === 'system-log' && existsSync(result) ? walk(result) : []
    if (results.length > 0) yield [file, results.flatMap((one) => documentsOf(readNotation(readFileSync(one, 'utf8'))))]
  }
}

const documentsOf = (value: Json | readonly Json[]): readonly JsonObject[] =>
  (Array.isArray(value) ? (value as readonly Json[]) : [value as Json]).flatMap((one) =>
    Array.isArray(one) ? documentsOf(one as readonly Json[]) : isObject(one) ? [one] : [],
  )

type Ours = Extract<Normalized, { kind: 'event' }>

/** Every record that others have normalised too, beside our reading of it. */
export async function pairs(
  root: string,
  integrations: readonly Integration[],
): Promise<{ readonly pairs: readonly Pair[]; readonly unpaired: readonly Unpaired[] }> {
  const normalizer = createNormalizer(integrations, tenantId('main'))
  const found: Pair[] = []
  const unpaired: Unpaired[] = []
  const put = (file: string, documents: readonly JsonObject[], ours: readonly Ours[]) => {
    if (ours.length === 0) {
      unpaired.push({ file, reason: 'no integration of its own' })
      return
    }
    // Others write their results in an order of their own: each stands beside the record that it agrees with most.
    const rest = [...ours]
    const all = documents.map((document) => saidBy(document))
    const agreed = (index: number, one: Ours) =>
      compare(all[index] as Said, one).reduce(
        (sum, { field, agrees }) => sum + (agrees ? (field === 'time' ? 3 : 1) : 0),
        0,
      )
    const order = all.map((_, index) => index).sort((x, y) => best(y) - best(x))
    function best(index: number): number {
      return Math.max(...ours.map((one) => agreed(index, one)))
    }
    for (const index of order) {
      const scores = rest.map((one) => agreed(index, one))
      if (rest.length === 0 || (documents.length !== ours.length && Math.max(...scores) === 0))
        unpaired.push({ file, reason: 'another number of documents than of records' })
      else {
        const [one] = rest.splice(scores.indexOf(Math.max(...scores)), 1) as [Ours]
        found.push({ file, integration: one.event.source, index, compared: compare(all[index] as Said, one) })
      }
    }
  }
  for (const [path, documents] of recorded(root)) {
    const ours: Ours[] = []
    let seq = 0
    for await (const chunk of readFiles([path], { clock: () => receivedAt }))
      for (const one of chunk)
        for (const each of normalizer.normalize({ ...one, seq: ++seq }))
          if (each.kind === 'event' && !catchAll.has(each.event.source)) ours.push(each)
    put(path.slice(root.length + 1), documents, ours)
  }
  for (const path of walk(join(root, 'wazuh5-findings'))) {
    for (const line of readFileSync(path, 'utf8')
      .split('\n')
      .filter((one) => one !== '')) {
      const document = JSON.parse(line) as JsonObject
      const { event } = document
      const original = isObject(event) && typeof event.original === 'string' ? event.original : ''
      const { '@timestamp': _made, wazuh: _agent, host: _host, ...theirs } = document
      const read = normalizer
        .normalize({
          seq: 1,
          source: null,
          transport: 'file',
          contentType: 'application/json',
          receivedAt,
          body: Buffer.from(original),
        })
        .filter((one) => one.kind === 'event')
        .filter((one) => !catchAll.has(one.event.source))
      put(path.slice(root.length + 1), [theirs as JsonObject], read)
    }
  }
  return { pairs: found, unpaired }
}
