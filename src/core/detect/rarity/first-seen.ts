import type { Fact } from '../../model/index.ts'
import { dayMs, dayText, durationText } from './duration.ts'
import type { FirstSeenMemory, Habit } from './memory.ts'
import { keyOf, type Reading, read } from './reader.ts'
import type { FirstSeenRule } from './rule.ts'
import type { Seen, Unusual } from './seen.ts'
import { admit, establish, renew } from './table.ts'
import { listText } from './wording.ts'

const shownValues = 8

/** Learns what the entity's event shows; what it had never shown in the window is unusual once it has history. */
export function observeFirstSeen(rule: FirstSeenRule, memory: FirstSeenMemory, seen: Seen): Unusual | null {
  const { at, view, locate, entity } = seen
  const value = read(rule.value, view, locate)
  if (value === null) {
    memory.counts.unread++
    return null
  }
  const habit = habitOf(rule, memory, entity, at)
  if (habit === null) return null
  const wasWarm = habit.ok
  const known = habit.values.find(([key]) => key === value.key)
  const isNew = known === undefined || known[2] <= at - rule.windowMs
  const usual = isNew && wasWarm ? habit.values.filter(([, , last]) => last > at - rule.windowMs) : []
  const learnt = learn(rule, memory, entity, habit, value, at)
  if (learnt === 'full') {
    memory.counts.saturated++
    return null
  }
  const peers = rule.peers === null || !isNew ? null : peersOf(rule, memory, seen, value)
  if (learnt === 'moved' && rule.peers !== null) share(rule, memory, seen, value)
  if (!isNew || !wasWarm) return null
  const severity = peers?.isUsual ? (rule.peers?.severity ?? null) : rule.severity
  if (severity === null) return null
  return { ...tell(rule, habit, entity, value, usual, peers), severity, value: value.key }
}

function habitOf(rule: FirstSeenRule, memory: FirstSeenMemory, entity: Reading, at: number): Habit | null {
  const { entities } = memory
  const known = entities.entries.get(entity.key)
  if (known !== undefined && known.at > at - rule.windowMs) return known
  const habit: Habit = { at, since: at, n: 0, ok: false, values: [] }
  if (known === undefined) return admit(entities, entity.key, habit, rule.caps.entities, memory.counts) ? habit : null
  renew(entities, entity.key, habit)
  return habit
}

/**
 * Times are kept as exactly as a day or a two-hundredth of the window: what is usual then changes nothing most of the
 * time, and nothing has to be stored.
 */
function learn(
  rule: FirstSeenRule,
  memory: FirstSeenMemory,
  entity: Reading,
  habit: Habit,
  value: Reading,
  at: number,
): 'full' | 'moved' | 'same' {
  const grain = grainOf(rule)
  let changed = false
  if (habit.n < rule.warmUp.events) {
    habit.n++
    changed = true
  }
  if (at < habit.since) {
    habit.since = at
    changed = true
  }
  if (stepOf(at, grain) > stepOf(habit.at, grain)) {
    habit.at = at
    changed = true
  }
  if (!habit.ok && habit.n >= rule.warmUp.events && at - habit.since >= rule.warmUp.ms) {
    establish(memory.entities, habit)
    changed = true
  }
  const known = habit.values.find(([key]) => key === value.key)
  let result: 'full' | 'moved' | 'same' = 'same'
  if (known === undefined) {
    if (habit.values.length >= rule.caps.values)
      habit.values = habit.values.filter(([, , last]) => last > at - rule.windowMs)
    if (habit.values.length >= rule.caps.values) result = 'full'
    else {
      habit.values.push([value.key, value.text, at, 1])
      result = 'moved'
    }
  } else if (stepOf(at, grain) > stepOf(known[2], grain)) {
    known[3] = known[2] <= at - rule.windowMs ? 1 : known[3] + (stepOf(at, dayMs) > stepOf(known[2], dayMs) ? 1 : 0)
    known[2] = at
    result = 'moved'
  }
  if (changed || result === 'moved') memory.entities.dirty.add(entity.key)
  return result
}

/** The exactness of stored times. */
const grainOf = (rule: FirstSeenRule) => Math.max(60_000, Math.min(dayMs, Math.floor(rule.windowMs / 200)))
const stepOf = (at: number, grain: number) => Math.floor(at / grain)

interface Peers {
  readonly group: string
  readonly count: number
  readonly isUsual: boolean
}

function peersOf(
  rule: FirstSeenRule,
  memory: FirstSeenMemory,
  { at, view, locate, entity }: Seen,
  value: Reading,
): Peers {
  const group = rule.peers === null ? null : read(rule.peers.group, view, locate)
  if (rule.peers === null || group === null) return { group: 'unknown', count: 0, isUsual: false }
  const who = memory.peers.entries.get(keyOf([group.key, value.key]))?.who ?? []
  const count = who.filter(([one, last]) => one !== entity.key && last > at - rule.windowMs).length
  return { group: group.text, count, isUsual: count >= rule.peers.usualFrom }
}

/** Notes that the entity has the value, for its peers. One entity more than needed is kept, since one of them may ask. */
function share(rule: FirstSeenRule, memory: FirstSeenMemory, { at, view, locate, entity }: Seen, value: Reading): void {
  const group = rule.peers === null ? null : read(rule.peers.group, view, locate)
  if (rule.peers === null || group === null) return
  const key = keyOf([group.key, value.key])
  const known = memory.peers.entries.get(key)
  const shared = known ?? { at, n: 0, ok: false, who: [] }
  if (known === undefined && !admit(memory.peers, key, shared, rule.caps.values * 100, memory.counts)) return
  const before = shared.who.find(([one]) => one === entity.key)
  const others = shared.who.filter(([one]) => one !== entity.key)
  const who: [string, number][] = [...others, [entity.key, Math.max(at, before?.[1] ?? at)]]
  who.sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
  shared.who = who.slice(0, rule.peers.usualFrom + 1)
  shared.at = Math.max(shared.at, at)
  shared.n = shared.who.length
  if (shared.n >= rule.peers.usualFrom) establish(memory.peers, shared)
  memory.peers.dirty.add(key)
}

function tell(
  rule: FirstSeenRule,
  habit: Habit,
  entity: Reading,
  value: Reading,
  usual: Habit['values'],
  peers: Peers | null,
): Pick<Unusual, 'sentence' | 'facts'> {
  const ordered = usual.toSorted((a, b) => b[3] - a[3] || b[2] - a[2] || (a[0] < b[0] ? -1 : 1))
  const usualText = listText(
    ordered.map(([, text]) => text),
    shownValues,
  )
  const isLast = habit.values.length >= rule.caps.values
  const facts: Fact[] = [
    { name: rule.entity.label, value: entity.text },
    { name: `new ${rule.value.label}`, value: value.text },
    { name: `usual ${rule.value.label}`, value: usualText },
    { name: `how many in ${durationText(rule.windowMs)}`, value: usual.length },
    { name: 'known since', value: dayText(habit.since) },
  ]
  let sentence = `${rule.value.label} ${value.text} is new for ${rule.entity.label} ${entity.text}; in ${durationText(rule.windowMs)} there ${usual.length === 1 ? 'was 1' : `were ${usual.length}`}: ${usualText}`
  if (peers !== null && rule.peers !== null) {
    const number = peers.isUsual ? `at least ${peers.count}` : peers.count === 0 ? 'no' : `${peers.count}`
    const { label, fields } = rule.peers.group
    const where = fields.length === 0 ? `the whole ${label}` : `${label} ${peers.group}`
    facts.push({ name: `others in ${where} that have it`, value: peers.count })
    sentence += `; ${number} other${peers.count === 1 ? ' has' : 's have'} it in ${where}`
  }
  if (isLast) {
    facts.push({ name: 'full', value: `${habit.values.length} values are known: further new ones are not told` })
    sentence += `; these are as many as the rule keeps, further new ones are not told until old ones are forgotten`
  }
  return { sentence, facts }
}
