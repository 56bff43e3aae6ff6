import type { Command } from 'commander'
import { wrap } from '../cases/index.ts'
import { type Learnt, learntBy, type RarityRule } from '../core/detect/index.ts'
import { oneLine } from '../core/model/index.ts'
import { loadRarity } from '../pipeline/index.ts'
import { loadBundle } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { rulesGroup } from './rules-group.ts'
import { withStore } from './with-store.ts'

/** `gitsoc rules learned`: what rarity rules know, and what they had no room for. */
export function register(program: Command): void {
  withStoreOptions(
    rulesGroup(program).command('learned').description('what rarity rules have learnt, and what they had no room for'),
  )
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nCounts: late = older than the lateness; unread = lacks a field or place; saturated = values that a full entity did not\ntake; muted = alerts kept back; evicted, full = for want of room. rules/rarity/README.md says what to do about them.' +
        '\n\nExamples:\n  gitsoc rules learned\n  gitsoc rules learned --store var/case-17 --json',
    )
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const { rarity } = await loadBundle()
      const learnt = await withStore(options, (store) =>
        store.transaction(async (tx) => learntBy(await loadRarity(tx))),
      )
      const titles = new Map(rarity.rules.map((rule) => [rule.id, rule]))
      if (options.json) {
        const rules = learnt.map((one) => ({ ...one, title: titles.get(one.rule)?.title ?? null }))
        process.stdout.write(`${JSON.stringify({ rules })}\n`)
      } else process.stdout.write(text(learnt, titles))
    })
}

function text(learnt: readonly Learnt[], titles: ReadonlyMap<string, RarityRule>): string {
  if (learnt.length === 0) return 'nothing was learnt yet: no event came that a rarity rule looks at\n'
  return learnt.map((one) => block(one, titles.get(one.rule)?.title ?? `${one.rule}, which the content lacks`)).join('')
}

function block({ since, until, tables, counts }: Learnt, title: string): string {
  const sizes = tables.map(({ name, size, established }) =>
    name === 'said' ? `alerts about ${size} of them` : `${size} ${name}, ${established} with history`,
  )
  const left = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
  const lines = [
    since === null || until === null ? 'no events yet' : `events from ${utc(since)} to ${utc(until)}`,
    ...(since === null ? [] : [sizes.join('; ')]),
    ...(left.length > 0 ? [`not looked at, kept or told: ${left.join(', ')}`] : []),
  ]
  return `${oneLine(title, 120)}\n${lines
    .flatMap((line) => wrap(line, 96))
    .map((line) => `  ${line}\n`)
    .join('')}`
}

const utc = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
