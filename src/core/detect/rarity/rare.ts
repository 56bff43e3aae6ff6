import type { Fact } from '../../model/index.ts'
import { dayText, durationText } from './duration.ts'
import type { Counted, Group, RareMemory } from './memory.ts'
import { keyOf, type Reading, read } from './reader.ts'
import type { RareRule } from './rule.ts'
import type { Seen, Unusual } from './seen.ts'
import { addTo, sumOf } from './slices.ts'
import { admit, establish, renew } from './table.ts'
import { listText, numberText, percentText } from './wording.ts'

/** The window slides in tenths. */
const slicesPerWindow = 10
const topValues = 5
const maxGroups = 5000

/** Counts the value in its group; unusual is what was below all bounds before this event, in a group with history. */
export function observeRare(rule: RareRule, memory: RareMemory, seen: Seen): Unusual | null {
  const { at, view, locate, entity } = seen
  const value = read(rule.value, view, locate)
  const among = rule.group.fields.length === 0 ? { key: '', text: '' } : read(rule.group, view, locate)
  if (value === null || among === null) {
    memory.counts.unread++
    return null
  }
  const sliceMs = Math.ceil(rule.windowMs / slicesPerWindow)
  const slice = Math.floor(at / sliceMs)
  const from = slice - slicesPerWindow + 1
  const oldest = Math.floor((memory.watermark - rule.windowMs - rule.latenessMs) / sliceMs)
  const group = groupOf(rule, memory, among, at)
  if (group === null) return null
  const wasWarm = group.ok
  const key = keyOf([among.key, value.key])
  const counted = countedOf(rule, memory, key, value, at)
  if (counted === null) return null
  const count = sumOf(counted.slices, from)
  const total = sumOf(group.slices, from) + 1
  const others = counted.who.filter(([one, last]) => one !== entity.key && last > at - rule.windowMs).length
  const { below } = rule
  const isRare =
    (below.count === null || count < below.count) &&
    (below.share === null || (count + 1) / total < below.share) &&
    (below.entities === null || others < below.entities)
  addTo(group.slices, slice, oldest)
  addTo(counted.slices, slice, oldest)
  group.at = Math.max(group.at, at)
  counted.at = Math.max(counted.at, at)
  counted.n = Math.min(counted.n + 1, 2)
  note(counted, entity, at, (below.entities ?? 0) + 1)
  if (!isRare) establish(memory.values, counted)
  if (group.n < rule.warmUp.events) group.n++
  group.since = Math.min(group.since, at)
  if (group.n >= rule.warmUp.events && at - group.since >= rule.warmUp.ms) establish(memory.groups, group)
  rank(memory, group, key, count + 1, from)
  memory.groups.dirty.add(among.key)
  memory.values.dirty.add(key)
  if (!isRare || !wasWarm) return null
  const usual = group.top
    .filter((one) => one !== key)
    .flatMap((one) => {
      const entry = memory.values.entries.get(one)
      return entry === undefined ? [] : [`${entry.text} (${numberText(sumOf(entry.slices, from))} times)`]
    })
  return {
    ...tell(rule, seen, value, among, group, { count, total, others }, usual),
    severity: rule.severity,
    value: key,
  }
}

function groupOf(rule: RareRule, memory: RareMemory, among: Reading, at: number): Group | null {
  const known = memory.groups.entries.get(among.key)
  if (known !== undefined && known.at > at - rule.windowMs) return known
  const group: Group = { at, since: at, n: 0, ok: false, slices: [], top: [] }
  if (known === undefined) return admit(memory.groups, among.key, group, maxGroups, memory.counts) ? group : null
  renew(memory.groups, among.key, group)
  return group
}

function countedOf(rule: RareRule, memory: RareMemory, key: string, value: Reading, at: number): Counted | null {
  const known = memory.values.entries.get(key)
  if (known !== undefined) return known
  const counted: Counted = { at, n: 0, ok: false, text: value.text, slices: [], who: [] }
  return admit(memory.values, key, counted, rule.caps.values, memory.counts) ? counted : null
}

function note(counted: Counted, entity: Reading, at: number, limit: number): void {
  const before = counted.who.find(([one]) => one === entity.key)
  const who = counted.who.filter(([one]) => one !== entity.key)
  who.push([entity.key, Math.max(at, before?.[1] ?? at)])
  who.sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
  counted.who = who.slice(0, limit)
}

/** Keeps the group's most frequent values; looked at whenever a count doubles, which is soon and seldom. */
function rank(memory: RareMemory, group: Group, key: string, count: number, from: number): void {
  if ((count & (count - 1)) !== 0) return
  const counts = new Map(group.top.map((one) => [one, sumOf(memory.values.entries.get(one)?.slices ?? [], from)]))
  counts.set(key, count)
  group.top = [...counts]
    .sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
    .slice(0, topValues)
    .map(([one]) => one)
}

function tell(
  rule: RareRule,
  { entity }: Seen,
  value: Reading,
  among: Reading,
  group: Group,
  { count, total, others }: { count: number; total: number; others: number },
  usual: readonly string[],
): Pick<Unusual, 'sentence' | 'facts'> {
  const window = durationText(rule.windowMs)
  const where = rule.group.fields.length === 0 ? `all ${rule.group.label}` : `${rule.group.label} ${among.text}`
  const usualText = listText(usual, topValues)
  const facts: Fact[] = [
    { name: rule.entity.label, value: entity.text },
    { name: `rare ${rule.value.label}`, value: value.text },
    { name: `times before in ${window}`, value: count },
    { name: `events of ${where}`, value: total - 1 },
    { name: 'share', value: percentText((count + 1) / total) },
    { name: `usual ${rule.value.label}`, value: usualText },
    { name: 'counted since', value: dayText(group.since) },
  ]
  let sentence = `${rule.value.label} ${value.text} of ${rule.entity.label} ${entity.text} was ${count === 0 ? 'never seen' : count === 1 ? 'seen once' : `seen ${numberText(count)} times`} before in ${window} among ${numberText(total - 1)} events of ${where}`
  if (rule.below.entities !== null) {
    facts.push({ name: `other ${rule.entity.label}s that have it`, value: others })
    sentence += `, by ${others === 0 ? 'no' : others} other ${rule.entity.label}`
  }
  return { sentence: `${sentence}; usual: ${usualText}`, facts }
}
