import type { Event, Fact } from '../../model/index.ts'
import type { SourceMapping } from '../sigma/log-source.ts'
import { createMatcher } from '../sigma/matcher.ts'
import type { View } from '../sigma/view.ts'
import { timeText } from './duration.ts'
import { observeFirstSeen } from './first-seen.ts'
import type { Locate } from './locate.ts'
import { createMemory, type Memory, tablesOf } from './memory.ts'
import { observeRare } from './rare.ts'
import { read } from './reader.ts'
import type { RarityRule } from './rule.ts'
import { askToSay } from './said.ts'
import type { Seen, Unusual } from './seen.ts'
import { observeSpike } from './spike.ts'
import { giveUp, type RarityState } from './state.ts'
import { observeTravel } from './travel.ts'

/** Something unusual about which there is an alert. */
export interface RarityHit {
  /** The rule, with the severity that this alert has. */
  readonly rule: RarityRule
  /** The event as the rule read it. */
  readonly view: View
  /** Identities of entity and value: alerts equal in both are one. */
  readonly entity: string
  readonly value: string
  readonly sentence: string
  readonly facts: readonly Fact[]
}

/** Learns from the events of one tenant in inbox order. */
export interface RarityDetector {
  readonly rules: readonly RarityRule[]
  /** Learns from one event and says what is unusual about it; the answer depends on rules, state and event only. */
  observe(state: RarityState, event: Event, locate: Locate): readonly RarityHit[]
}

/** Compiles rarity rules. What a rule learnt under another learning digest is given up, and so is what no rule learns. */
export function createRarityDetector(
  rules: readonly RarityRule[],
  mappings: readonly SourceMapping[] = [],
): RarityDetector {
  const matcher = createMatcher(
    rules.map((rule) => rule.selects),
    mappings,
  )
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  return {
    rules,
    observe(state, event, locate) {
      if (state.rules !== rules) agree(state, rules, byId)
      if (rules.length === 0) return []
      const hits: RarityHit[] = []
      for (const match of matcher.match(event)) {
        const rule = byId.get(match.rule.id)
        const memory = state.memories.get(match.rule.id)
        if (rule === undefined || memory === undefined) continue
        const hit = observe(rule, memory, event, match.view, locate)
        if (hit !== null) hits.push(hit)
      }
      return hits
    },
  }
}

function agree(state: RarityState, rules: readonly RarityRule[], byId: ReadonlyMap<string, RarityRule>): void {
  state.rules = rules
  for (const memory of [...state.memories.values()]) {
    const rule = byId.get(memory.rule)
    if (rule?.learns === memory.learns) continue
    giveUp(state, memory)
    state.notices.push(
      rule === undefined
        ? `rarity rule ${memory.rule} is gone, and what it had learnt since ${sinceText(memory)}`
        : `rarity rule "${rule.title}" (${rule.id}) was changed in what it learns: it starts anew, without what it had learnt since ${sinceText(memory)}`,
    )
  }
  for (const rule of rules)
    if (!state.memories.has(rule.id)) state.memories.set(rule.id, createMemory(rule.kind, rule.id, rule.learns))
}

const sinceText = (memory: Memory) => (memory.since === null ? 'nothing yet' : timeText(memory.since))

function observe(rule: RarityRule, memory: Memory, event: Event, view: View, locate: Locate): RarityHit | null {
  const at = event.occurredAt
  memory.changed = true
  if (at < memory.watermark - rule.latenessMs) {
    memory.counts.late++
    return null
  }
  // A time that the receiver had to make up says nothing about when the entity was where.
  const entity = event.timeNote === 'missing' ? null : read(rule.entity, view, locate)
  if (entity === null) {
    memory.counts.unread++
    return null
  }
  memory.since = memory.since === null ? at : Math.min(memory.since, at)
  if (at > memory.watermark) memory.watermark = at
  sweep(rule, memory)
  const unusual = dispatch(rule, memory, { at, view, locate, entity })
  if (unusual === null) return null
  const leave = askToSay(rule, memory, entity.key, unusual.value, at)
  if (!leave.granted) return null
  const { severity, value, sentence, facts } = unusual
  const hit = { rule: { ...rule, severity }, view, entity: entity.key, value }
  if (leave.quietUntil === null) return { ...hit, sentence, facts }
  const until = timeText(leave.quietUntil)
  return {
    ...hit,
    sentence: `${sentence}; it was the last of ${rule.caps.alerts} alerts of this rule about it until ${until}`,
    facts: [...facts, { name: 'quiet until', value: until }],
  }
}

function dispatch(rule: RarityRule, memory: Memory, seen: Seen): Unusual | null {
  if (rule.kind === 'first_seen' && memory.kind === 'first_seen') return observeFirstSeen(rule, memory, seen)
  if (rule.kind === 'rare' && memory.kind === 'rare') return observeRare(rule, memory, seen)
  if (rule.kind === 'spike' && memory.kind === 'spike') return observeSpike(rule, memory, seen)
  if (rule.kind === 'impossible_travel' && memory.kind === 'impossible_travel') return observeTravel(rule, memory, seen)
  return null
}

/** Forgets what no event that is still looked at can reach; in steps, so that it costs little for each event. */
function sweep(rule: RarityRule, memory: Memory): void {
  if (memory.watermark - memory.sweptAt < Math.max(3_600_000, rule.windowMs / 50)) return
  memory.sweptAt = memory.watermark
  const before = memory.watermark - rule.windowMs - rule.latenessMs
  for (const table of tablesOf(memory)) table.forget(before)
}
