import { hashId } from '../../model/index.ts'
import { dayMs } from './duration.ts'
import type { Memory, Said } from './memory.ts'
import type { RarityRule } from './rule.ts'
import { admit } from './table.ts'

/** Entities of a rule about which something was said in its window; beyond it the rule keeps still. */
const maxEntities = 20_000

/** What may be said now: nothing, or an alert, which may be the last about its entity for a while. */
export type Leave = { readonly granted: false } | { readonly granted: true; readonly quietUntil: number | null }

/**
 * Asks to raise an alert and notes it: at most one about an entity and value in the window, and about an entity at most
 * as many in 24 hours as the rule's caps allow. What is kept back is counted.
 */
export function askToSay(rule: RarityRule, memory: Memory, entity: string, value: string, at: number): Leave {
  const digest = hashId(value)
  const known = memory.said.entries.get(entity)
  const kept = (known?.said ?? []).filter(([, one]) => Math.abs(at - one) < rule.windowMs + rule.latenessMs)
  const recent = kept.filter(([, one]) => Math.abs(at - one) < dayMs)
  const again = kept.some(([one, when]) => one === digest && Math.abs(at - when) < rule.windowMs)
  if (again || recent.length >= rule.caps.alerts) return keepStill(memory)
  const entry: Said = known ?? { at, n: 1, ok: true, said: [] }
  if (known === undefined && !admit(memory.said, entity, entry, maxEntities, memory.counts)) return keepStill(memory)
  entry.said = [...kept, [digest, at]]
  entry.at = Math.max(entry.at, at)
  memory.said.dirty.add(entity)
  const isLast = recent.length + 1 === rule.caps.alerts
  return { granted: true, quietUntil: isLast ? Math.min(at, ...recent.map(([, one]) => one)) + dayMs : null }
}

function keepStill(memory: Memory): Leave {
  memory.counts.muted++
  memory.changed = true
  return { granted: false }
}
