import { createState } from '../../src/core/correlate/index.ts'
import { createRarityState, createSigmaState } from '../../src/core/detect/index.ts'
import { decide, detect } from '../../src/core/engine/index.ts'
import { type Incident, type RuleRef, tenantId } from '../../src/core/model/index.ts'
import { createNormalizer } from '../../src/core/normalize/index.ts'
import { createPlayer } from '../../src/core/replay/play-run.ts'
import { ownBundle } from '../support/content.ts'
import { alertRecord } from './events.ts'
import { say, secondsSince } from './scratch.ts'

/** Plays every playbook on each of so many different incidents, as a plan does, whether its trigger would start it or not. */
export async function plays(count: number): Promise<void> {
  const bundle = await ownBundle()
  const incidents = await incidentsOf(count)
  const player = createPlayer(bundle)
  const rule: RuleRef = { kind: 'playbook', id: 'bench', title: 'bench' }
  const decision = { answer: 'started', rule, facts: [], sentence: 'for measuring' }
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const statuses = new Map<string, number>()
  let effects = 0
  for (const incident of incidents)
    for (const playbook of bundle.playbooks.values()) {
      const run = await player.play({ playbook, decision }, incident, incident.firstAt)
      statuses.set(run.status, (statuses.get(run.status) ?? 0) + 1)
      effects += run.effects.length
    }
  const seconds = secondsSince(started)
  const { user, system } = process.cpuUsage(cpu)
  const ends = [...statuses].map(([status, times]) => `${times} ${status}`).join(', ')
  say(
    `plays      ${incidents.length} incidents through all ${bundle.playbooks.size} playbooks in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor: ${ends}; ${effects} effects`,
  )
}

/** Incidents of machines that have nothing in common, each with a few alerts. */
async function incidentsOf(count: number): Promise<readonly Incident[]> {
  const bundle = await ownBundle()
  const state = { correlation: createState(), sigma: createSigmaState(), rarity: createRarityState() }
  const normalizer = createNormalizer(bundle.integrations, tenantId('main'))
  const lines = Array.from({ length: count * 3 }, (_, n) => alertRecord(n, count, 500, count))
  const found = new Map<number, Incident>()
  const normalized = normalizer.normalize({
    ...{ seq: 1, source: null, transport: 'file', contentType: 'application/x-ndjson' },
    receivedAt: Date.UTC(2026, 5, 1),
    body: Buffer.from(lines.join('\n')),
  })
  for (const one of normalized) {
    if (one.kind !== 'event') continue
    const { alerts } = await decide(
      bundle,
      state,
      detect(bundle, state, one.event, one.alert, () => []),
      () => [],
    )
    for (const { incident } of alerts) if (incident !== null) found.set(incident.number, incident)
  }
  return [...found.values()].slice(0, count)
}
