import { expect, test } from 'vitest'
import {
  createRarityDetector,
  createRarityState,
  type FixtureStory,
  type RarityRule,
  readStories,
} from '../../src/core/detect/index.ts'
import type { Enrich } from '../../src/core/engine/index.ts'
import { type AlertGroup, observableKey } from '../../src/core/model/index.ts'
import { createInbox, type NewDelivery } from '../../src/ingest/index.ts'
import { createPipeline } from '../../src/pipeline/index.ts'
import { ownBundle } from '../support/content.ts'
import { documentOf } from '../support/document.ts'
import { testDatabase, testStore } from '../support/store.ts'

const bundle = await ownBundle()
const integrations: Readonly<Record<string, string>> = {
  ...{ aws: 'aws-cloudtrail', okta: 'okta', azure: 'azure-activity', windows: 'windows', zeek: 'zeek' },
}

function storiesOf(rule: RarityRule): readonly FixtureStory[] {
  const path = (rule.ref.place?.file ?? '').replace('rules/rarity/', 'rules/rarity/fixtures/')
  const text = bundle.files.find((one) => one.path === path)?.text ?? ''
  const read = readStories(rule, documentOf(path, text), bundle.mappings)
  if (!read.ok) throw new Error(read.problems.map((one) => one.message).join('; '))
  return read.value
}

/** What `rules test` hears. */
function heardByFixture(rule: RarityRule, story: FixtureStory): readonly string[] {
  const detector = createRarityDetector([rule], bundle.mappings)
  const state = createRarityState()
  return story.events.flatMap(({ event }) => detector.observe(state, event, story.locate).map((hit) => hit.sentence))
}

/** What the whole path hears, in deliveries of some events and with the state read back from the store between some. */
async function heardByPipeline(rule: RarityRule, story: FixtureStory, url: string, tenant: string) {
  const store = await testStore({ url, tenant })
  const source = integrations[rule.selects.logsource.product ?? ''] ?? ''
  const enrich: Enrich = (observables) =>
    observables.flatMap((one) => {
      const country = one.type === 'ip' ? (story.locate(one.value)?.country ?? null) : null
      const data = { country }
      const about = { observable: observableKey(one), provider: 'geoip', verdict: 'context', sentence: 's' } as const
      return country === null ? [] : [{ ...about, data }]
    })
  const inbox = createInbox(store)
  for (let at = 0; at < story.events.length; at += 97) {
    const some = story.events.slice(at, at + 97).map((one) => one.event)
    const delivery: NewDelivery = {
      ...{ source, transport: 'file', contentType: 'application/x-ndjson' },
      receivedAt: Math.max(...some.map((one) => one.receivedAt)),
      body: Buffer.from(some.map((one) => JSON.stringify(one.record)).join('\n')),
    }
    await inbox.accept([delivery])
    // A pipeline of its own reads its state from the store.
    if (at % 5 === 0) await createPipeline({ store, bundle: () => bundle, enrich }).drain()
  }
  await createPipeline({ store, bundle: () => bundle, enrich }).drain()
  const rows = await store.transaction((tx) =>
    tx.query<{ doc: AlertGroup }>('select doc from alert where tenant = $1', [tx.tenant]),
  )
  return rows.rows.filter((row) => row.doc.ruleId === rule.id).map((row) => row.doc.finding?.sentence ?? 'nothing')
}

test.each(bundle.rarity.rules.map((rule) => ({ name: rule.title, rule })))(
  'the whole path hears what the fixture hears: $name',
  async ({ rule }) => {
    const url = await testDatabase()
    for (const [n, story] of storiesOf(rule).entries()) {
      const wanted = heardByFixture(rule, story)
      expect(wanted.length > 0).toBe(story.kind === 'positive')
      expect((await heardByPipeline(rule, story, url, `story-${n}`)).sort()).toEqual([...wanted].sort())
    }
  },
  180_000,
)
