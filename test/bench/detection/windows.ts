import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Examined, examine } from './examine.ts'
import { halfOf } from './halves.ts'
import { current } from './judge.ts'
import { describe, emptyTally, noise, summary } from './report.ts'
import { data, type RuleSets } from './rule-sets.ts'
import { readZipMember } from './zip.ts'

interface Recording {
  readonly file: string
  readonly member: string
  readonly techniques: readonly string[]
}

/** 44 recordings of one simulated attack each, with the ordinary noise of a laboratory; a label is for a whole file. */
export async function windows(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const directory = join(data, 'attack-datasets')
  if (!existsSync(directory)) return say(`skipped: no recordings in ${directory} (set GITSOC_SHARED_DATA)`)
  const recordings = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as readonly Recording[]
  const tallies = { seen: emptyTally(), 'held out': emptyTally() }
  const all: Examined[] = []
  for (const { file, member, techniques } of recordings) {
    const lines = readZipMember(join(directory, file), member)
      .split('\n')
      .filter((line) => line.trim() !== '')
    const examined = await examine(rules, lines)
    all.push(examined)
    const half = halfOf(file)
    const name = `${file.split('/').at(-1)?.replace('.zip', '')} (${half})`
    for (const line of describe(rules, { name, expected: current(techniques), examined }, tallies[half])) say(line)
  }
  say('')
  for (const [half, tally] of Object.entries(tallies)) say(summary(`windows, ${half}`, tally))
  const events = all.reduce((sum, one) => sum + one.events, 0)
  for (const owner of ['ours', 'sigmahq'] as const) {
    say(`firings of ${owner} per 10,000 of ${events} events, attacks included:`)
    for (const line of noise(rules, all, owner, owner === 'ours' ? 100 : 15)) say(line)
  }
}
