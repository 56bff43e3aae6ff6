import type { Fact } from '../../model/index.ts'
import { durationText, timeText } from './duration.ts'
import type { Rate, SpikeMemory } from './memory.ts'
import type { Reading } from './reader.ts'
import type { SpikeRule } from './rule.ts'
import type { Seen, Unusual } from './seen.ts'
import { addTo, countIn } from './slices.ts'
import { admit, establish, renew } from './table.ts'
import { numberText } from './wording.ts'

/** Makes the median absolute deviation an estimate of the standard deviation of normal data (Rousseeuw and Croux, 1993). */
const consistency = 1.4826

/** Counts the event in its bucket; unusual is a bucket above what the same buckets of earlier periods allow for. */
export function observeSpike(rule: SpikeRule, memory: SpikeMemory, { at, entity }: Seen): Unusual | null {
  const rate = rateOf(rule, memory, entity, at)
  if (rate === null) return null
  const bucket = Math.floor(at / rule.bucketMs)
  addTo(rate.buckets, bucket, Math.floor((memory.watermark - rule.windowMs - rule.latenessMs) / rule.bucketMs))
  rate.at = Math.max(rate.at, at)
  rate.since = Math.min(rate.since, at)
  rate.n = Math.min(rate.n + 1, 2)
  if (at - rate.since >= rule.warmUp.ms) establish(memory.entities, rate)
  memory.entities.dirty.add(entity.key)
  const count = countIn(rate.buckets, bucket)
  if (!isDue(rule, count) || (rate.spike !== null && rate.spike === bucket)) return null
  const since = rule.unseen === 'zero' ? (memory.since ?? at) : rate.since
  if (at - since < rule.warmUp.ms) return null
  const usual = usualOf(rule, rate, bucket, since)
  if (usual === null || count <= usual.limit) return null
  const goesOn = rate.spike !== null && Math.abs(bucket - rate.spike) === 1
  rate.spike = Math.max(rate.spike ?? bucket, bucket)
  return goesOn ? null : tell(rule, entity, bucket, count, usual)
}

function rateOf(rule: SpikeRule, memory: SpikeMemory, entity: Reading, at: number): Rate | null {
  const known = memory.entities.entries.get(entity.key)
  if (known !== undefined && known.at > at - rule.windowMs) return known
  const rate: Rate = { at, since: at, n: 0, ok: false, buckets: [], spike: null }
  if (known === undefined)
    return admit(memory.entities, entity.key, rate, rule.caps.entities, memory.counts) ? rate : null
  renew(memory.entities, entity.key, rate)
  return rate
}

/** Whether the count is looked at: at the minimum, and then whenever it has grown by about a sixteenth. */
const isDue = (rule: SpikeRule, count: number) =>
  count === rule.atLeast || (count > rule.atLeast && count % Math.max(1, count >> 4) === 0)

interface Usual {
  readonly samples: number
  readonly median: number
  readonly most: number
  readonly limit: number
}

/** The least number of like buckets that say what is usual. */
const minSamples = 3

/**
 * Median and spread of the buckets one, two, ... periods earlier that lie in the window and after the first event; a
 * bucket without events counts as zero. The spread is never less than that of random arrivals with this median, nor one.
 */
function usualOf(rule: SpikeRule, rate: Rate, bucket: number, since: number): Usual | null {
  const step = Math.round(rule.periodMs / rule.bucketMs)
  const first = Math.max(Math.ceil(since / rule.bucketMs), bucket - Math.floor(rule.windowMs / rule.bucketMs))
  const counts: number[] = []
  for (let one = bucket - step; one >= first; one -= step) counts.push(countIn(rate.buckets, one))
  if (counts.length < minSamples) return null
  const median = medianOf(counts)
  const spread = consistency * medianOf(counts.map((count) => Math.abs(count - median)))
  const limit = median + rule.deviations * Math.max(spread, Math.sqrt(median), 1)
  return { samples: counts.length, median, most: Math.max(...counts), limit }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

function tell(rule: SpikeRule, entity: Reading, bucket: number, count: number, usual: Usual): Unusual {
  const start = bucket * rule.bucketMs
  const bucketText = durationText(rule.bucketMs)
  const like =
    rule.periodMs === rule.bucketMs
      ? `the ${usual.samples} stretches of ${bucketText} before`
      : `${usual.samples} stretches of ${bucketText} at this time of the ${rule.periodMs > 86_400_000 ? 'week' : 'day'} before`
  const facts: Fact[] = [
    { name: rule.entity.label, value: entity.text },
    { name: `${rule.counted} so far in ${bucketText}`, value: count },
    { name: 'begins', value: timeText(start) },
    { name: 'usual', value: usual.median },
    { name: 'most before', value: usual.most },
    { name: 'bound', value: Math.round(usual.limit * 10) / 10 },
    { name: 'compared with', value: like },
  ]
  return {
    severity: rule.severity,
    value: `${bucket}`,
    sentence: `${numberText(count)} ${rule.counted} of ${rule.entity.label} ${entity.text} so far in the ${bucketText.replace(/^1 /, '')} from ${timeText(start)}; usual is ${numberText(usual.median)}, the most was ${numberText(usual.most)} in ${like}`,
    facts,
  }
}
