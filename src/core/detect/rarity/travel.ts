import type { Fact } from '../../model/index.ts'
import { durationText, timeText } from './duration.ts'
import type { Spot, TravelMemory } from './memory.ts'
import { distanceKm, positionOf } from './position.ts'
import { keyOf, type Reading } from './reader.ts'
import type { ImpossibleTravelRule } from './rule.ts'
import type { Seen, Unusual } from './seen.ts'
import { admit, establish } from './table.ts'
import { numberText } from './wording.ts'

const maxSpots = 8

/** Compares an event's place with the entity's places just before and after it in event time. */
export function observeTravel(rule: ImpossibleTravelRule, memory: TravelMemory, seen: Seen): Unusual | null {
  const { at, view, locate, entity } = seen
  const position = positionOf(rule.position, view, locate)
  if (position === null) {
    memory.counts.unread++
    return null
  }
  const here: Spot = { at, ...position }
  const { entities } = memory
  const known = entities.entries.get(entity.key)
  const trail = known ?? { at, n: 0, ok: false, spots: [] }
  if (known === undefined && !admit(entities, entity.key, trail, rule.caps.entities, memory.counts)) return null
  const wasWarm = trail.n >= Math.max(1, rule.warmUp.events - 1)
  trail.n = Math.min(trail.n + 1, rule.warmUp.events)
  trail.at = Math.max(trail.at, at)
  if (trail.n >= rule.warmUp.events) establish(entities, trail)
  const index = trail.spots.findLastIndex((one) => one.at <= at) + 1
  const neighbours = [trail.spots[index - 1], trail.spots[index]].filter((one) => one !== undefined)
  put(trail.spots, index, here)
  const oldest = memory.watermark - rule.windowMs - rule.latenessMs
  trail.spots = trail.spots.filter((one) => one.at > oldest).slice(-maxSpots)
  entities.dirty.add(entity.key)
  if (!wasWarm) return null
  const trips = neighbours.flatMap((there) => tripOf(rule, there, here) ?? [])
  const [worst] = trips.toSorted((a, b) => b.km - a.km)
  return worst === undefined ? null : tell(rule, entity, worst)
}

/** Of a stay at one place the first and last time are enough: a busy session does not push out where it came from. */
function put(spots: Spot[], index: number, here: Spot): void {
  const before = spots[index - 1]
  const earlier = spots[index - 2]
  const isStay = (one: Spot | undefined) =>
    one !== undefined &&
    one.latitude === here.latitude &&
    one.longitude === here.longitude &&
    one.country === here.country
  if (before !== undefined && isStay(before) && isStay(earlier)) spots[index - 1] = here
  else spots.splice(index, 0, here)
}

interface Trip {
  readonly from: Spot
  readonly to: Spot
  readonly ms: number
  /** The least distance that the uncertainty of both places leaves, and what was subtracted for it. */
  readonly km: number
  readonly uncertainKm: number
}

/** The way between two places when it was too fast; null when it was possible, or nothing can be said. */
function tripOf(rule: ImpossibleTravelRule, one: Spot, two: Spot): Trip | null {
  const [from, to] = one.at <= two.at ? [one, two] : [two, one]
  const ms = to.at - from.at
  if (ms >= rule.windowMs) return null
  const isSameCountry = from.country !== null && from.country === to.country
  if (isSameCountry && (from.by === 'country' || to.by === 'country')) return null
  const uncertainKm = from.radiusKm + to.radiusKm
  const km = distanceKm(from, to) - uncertainKm
  if (km < rule.distanceKm || km * 3_600_000 <= rule.speedKmh * ms) return null
  return { from, to, ms, km, uncertainKm }
}

/** Cell of a place: alerts about ways between the same cells are alerts about the same thing. */
const cellOf = (spot: Spot) => spot.country ?? `${Math.round(spot.latitude)},${Math.round(spot.longitude)}`

function tell(rule: ImpossibleTravelRule, entity: Reading, { from, to, ms, km, uncertainKm }: Trip): Unusual {
  const speed = ms === 0 ? null : (km * 3_600_000) / ms
  const needs = speed === null ? 'at the same time' : `in ${durationText(ms)}, which needs ${numberText(speed)} km/h`
  const facts: Fact[] = [
    { name: rule.entity.label, value: entity.text },
    { name: 'first', value: `${placeText(from)} at ${timeText(from.at)}` },
    { name: 'then', value: `${placeText(to)} at ${timeText(to.at)}` },
    { name: 'least distance in km', value: Math.round(km) },
    { name: 'subtracted for uncertainty in km', value: Math.round(uncertainKm) },
    { name: 'minutes', value: Math.round(ms / 60_000) },
    { name: 'needed km/h', value: speed === null ? 'no speed is enough' : Math.round(speed) },
    { name: 'bound in km/h', value: rule.speedKmh },
  ]
  return {
    severity: rule.severity,
    value: keyOf([cellOf(from), cellOf(to)].sort()),
    sentence: `${rule.entity.label} ${entity.text} was in ${placeText(from)} at ${timeText(from.at)} and in ${placeText(to)} at ${timeText(to.at)}: at least ${numberText(km)} km (${numberText(uncertainKm)} km were subtracted for uncertainty) ${needs}; the bound is ${numberText(rule.speedKmh)} km/h`,
    facts,
  }
}

function placeText(spot: Spot): string {
  if (spot.by === 'country') return `${spot.country} (only the country is known)`
  const point = `${degrees(spot.latitude)}, ${degrees(spot.longitude)}`
  return spot.country === null ? point : `${spot.country} (${point})`
}

const degrees = (value: number) => String(Math.round(value * 10) / 10)
