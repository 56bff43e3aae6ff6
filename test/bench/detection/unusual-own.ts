import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRarityDetector, createRarityState, learntBy } from '../../../src/core/detect/index.ts'
import type { Event } from '../../../src/core/model/index.ts'
import { records } from './cloudtrail.ts'
import { normalize } from './examine.ts'
import { data, type RuleSets } from './rule-sets.ts'
import { readZipMember } from './zip.ts'

const dayMs = 86_400_000

/**
 * Our own rules that learn, on everything recorded that they could read, as one tenant in order of time: recordings of
 * Windows laboratories and of attacked AWS accounts. They are minutes long and months apart, so that little is learnt.
 */
export async function unusualOwn(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const windows = join(data, 'attack-datasets')
  const cloud = join(data, 'cloudtrail-attacks', 'stratus')
  if (!existsSync(windows) || !existsSync(cloud))
    return say(`skipped: no recordings in ${data} (set GITSOC_SHARED_DATA)`)
  const index = JSON.parse(readFileSync(join(windows, 'index.json'), 'utf8')) as readonly {
    file: string
    member: string
  }[]
  const events: Event[] = []
  for (const { file, member } of index)
    events.push(...normalize(rules, lines(readZipMember(join(windows, file), member))).events)
  for (const file of readdirSync(cloud).sort()) events.push(...normalize(rules, records(join(cloud, file))).events)
  events.sort((a, b) => a.occurredAt - b.occurredAt)
  const detector = createRarityDetector(rules.bundle.rarity.rules, rules.bundle.mappings)
  const state = createRarityState()
  const alerts = new Map<string, string[]>()
  for (const event of events)
    for (const { rule, sentence } of detector.observe(state, event, () => null))
      alerts.set(rule.id, [...(alerts.get(rule.id) ?? []), sentence])
  const first = events[0]?.occurredAt ?? 0
  const span = ((events.at(-1)?.occurredAt ?? 0) - first) / dayMs
  say(
    `own        ${events.length} events of ${span.toFixed(0)} days, ${new Set(events.map((one) => Math.floor(one.occurredAt / dayMs))).size} days with any`,
  )
  for (const { rule, tables } of learntBy(state)) {
    const about = detector.rules.find((one) => one.id === rule)
    const found = alerts.get(rule) ?? []
    const learnt = tables
      .map(({ name, size, established }) => `${size} ${name}, ${established} with history`)
      .join('; ')
    say(`  ${about?.title}: ${found.length} alerts (learnt: ${learnt})`)
    for (const sentence of found.slice(0, 3)) say(`    ${sentence}`)
  }
}

const lines = (text: string) => text.split('\n').filter((line) => line.trim() !== '')
