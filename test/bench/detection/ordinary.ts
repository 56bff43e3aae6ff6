import { isObject, type JsonObject } from '../../../src/core/model/index.ts'
import { noise as ordinaryDay } from '../../scenarios/credential-phishing/noise.ts'
import { type Examined, examine } from './examine.ts'
import { noise } from './report.ts'
import type { RuleSets } from './rule-sets.ts'

/**
 * The ordinary day of our own scenario, made by us: that our rules keep still on it shows that they fit together, not
 * what they do in another company.
 */
export async function ordinary(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const bySource = new Map<string, (JsonObject | string)[]>()
  for (const { source, body } of ordinaryDay(4700)) {
    const records = bySource.get(source) ?? []
    bySource.set(source, records)
    records.push(isObject(body) ? body : String(body))
  }
  const all: Examined[] = []
  for (const [source, records] of bySource) {
    const examined = await examine(rules, records)
    all.push(examined)
    say(`ordinary   ${source}: ${examined.events} events, ${examined.incidents.length} incidents by our rules`)
  }
  for (const owner of ['ours', 'sigmahq'] as const) {
    say(`firings of ${owner} per 10,000 events of it:`)
    for (const line of noise(rules, all, owner, 30)) say(line)
  }
}
