import type { Examined } from './examine.ts'
import { type Fired, judge, whyNot } from './judge.ts'
import type { Owner, RuleSets } from './rule-sets.ts'

/** One recording with what it shows. Expected techniques are read here and nowhere before. */
export interface Labelled {
  readonly name: string
  readonly expected: readonly string[]
  readonly examined: Examined
}

/** How many recordings each set named the technique in, raised any alert in, and both sets together. */
export interface Tally {
  recordings: number
  readonly named: Record<Owner | 'both', number>
  readonly any: Record<Owner | 'both', number>
  incidents: number
}

export const emptyTally = (): Tally => ({
  recordings: 0,
  named: { ours: 0, sigmahq: 0, both: 0 },
  any: { ours: 0, sigmahq: 0, both: 0 },
  incidents: 0,
})

const owners = ['ours', 'sigmahq'] as const
const shown = 4

/** The lines of the report about one recording; adds it to the tally. */
export function describe(rules: RuleSets, { name, expected, examined }: Labelled, tally: Tally): readonly string[] {
  const fired = judge(rules, examined, expected)
  const named = (owner: Owner) => fired.filter((one) => one.owner === owner && one.named)
  tally.recordings++
  for (const owner of owners) {
    if (named(owner).length > 0) tally.named[owner]++
    if (fired.some((one) => one.owner === owner)) tally.any[owner]++
  }
  if (fired.some((one) => one.named)) tally.named.both++
  if (fired.length > 0) tally.any.both++
  const techniques = [...new Set(examined.incidents.flatMap((one) => one.techniques))].sort()
  const inIncident = techniques.some((id) => expected.some((other) => id.startsWith(other) || other.startsWith(id)))
  if (inIncident) tally.incidents++
  const verdict = (owner: Owner) =>
    named(owner).length > 0
      ? `named by ${listed(named(owner))}`
      : `NOT NAMED (${whyNot(rules, examined.logsources, expected, owner)})${others(fired, owner)}`
  return [
    `${name}: expected ${expected.join(' ')}; ${examined.events} events${examined.refused > 0 ? `, ${examined.refused} records refused` : ''}`,
    ...owners.map((owner) => `    ${owner.padEnd(8)} ${verdict(owner)}`),
    `    incidents ${examined.incidents.length}: ${techniques.join(' ') || 'none'}${inIncident ? '' : ' (expected technique missing)'}`,
  ]
}

function listed(fired: readonly Fired[]): string {
  const more = fired.length > shown ? ` and ${fired.length - shown} more` : ''
  return `${fired
    .slice(0, shown)
    .map((one) => `"${one.title}"${one.count > 1 ? ` x${one.count}` : ''}`)
    .join(', ')}${more}`
}

function others(fired: readonly Fired[], owner: Owner): string {
  const rest = fired.filter((one) => one.owner === owner && !one.named)
  return rest.length === 0 ? '' : `; other alerts: ${listed(rest)}`
}

/** One line that sums a tally up. */
export const summary = (title: string, { recordings, named, any, incidents }: Tally): string =>
  `${title}: technique named by ours ${named.ours}, SigmaHQ ${named.sigmahq}, both together ${named.both} of ${recordings}; any alert ${any.ours}, ${any.sigmahq}, ${any.both}; our incidents name it in ${incidents}`

/** Firings per rule over events, per 10,000, the noisiest first. */
export function noise(rules: RuleSets, all: readonly Examined[], owner: Owner, limit: number): readonly string[] {
  const events = all.reduce((sum, one) => sum + one.events, 0)
  const counts = new Map<string, { count: number; recordings: number }>()
  for (const { firings } of all)
    for (const [id, count] of firings) {
      if (rules.alerting.get(id)?.owner !== owner) continue
      const sum = counts.get(id) ?? { count: 0, recordings: 0 }
      counts.set(id, { count: sum.count + count, recordings: sum.recordings + 1 })
    }
  return [...counts]
    .toSorted(([, a], [, b]) => b.count - a.count)
    .slice(0, limit)
    .map(([id, { count, recordings }]) => {
      const rule = rules.alerting.get(id)?.rule
      const rate = ((count / Math.max(1, events)) * 10_000).toFixed(2)
      return `  ${rate.padStart(8)} ${String(count).padStart(6)} in ${String(recordings).padStart(3)}  level ${rule?.severity} ${rule?.title}`
    })
}
