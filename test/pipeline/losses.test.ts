import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isObject, type JsonObject } from '../../src/core/model/index.ts'
import { createInbox } from '../../src/ingest/index.ts'
import { createPipeline, readLosses } from '../../src/pipeline/index.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { ownBundle } from '../support/content.ts'
import { documentOf } from '../support/document.ts'
import { testStore } from '../support/store.ts'

const bundle = await ownBundle()
const path = 'rules/detection/fixtures/okta_push_denied.yaml'
const { positive } = documentOf(path, readFileSync(path, 'utf8')).value
const denied = (Array.isArray(positive) ? positive : []).find(isObject) as JsonObject

test('a match that comes too late to be counted is a number of the tenant, kept in the store and on the page of metrics', async () => {
  const store = await testStore()
  const inbox = createInbox(store)
  const at = (minutes: number, uuid: string): JsonObject => ({
    ...{ ...denied, uuid, published: new Date(Date.UTC(2026, 4, 12, 8, minutes)).toISOString() },
  })
  const send = async (...records: readonly JsonObject[]) => {
    const body = Buffer.from(JSON.stringify(records))
    const receivedAt = Date.UTC(2026, 4, 12, 12)
    await inbox.accept([{ source: 'okta', transport: 'file', contentType: 'application/json', receivedAt, body }])
    // A pipeline of its own reads its state from the store.
    await createPipeline({ store, bundle: () => bundle, enrich: () => [] }).drain()
  }
  await send(at(0, 'a'), at(40, 'b'))
  expect(await readLosses(store)).toEqual({ late: 0, entries: 0, windows: 0 })
  await send(at(5, 'c'))
  await send(at(6, 'd'))
  expect(await readLosses(store)).toEqual({ late: 2, entries: 0, windows: 0 })
  expect(await createMetrics(store, () => ({ drift: [], left: [] })).page()).toContain(
    'gitsoc_correlation_lost{kind="late"} 2\n',
  )
})
