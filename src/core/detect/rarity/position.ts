import type { View } from '../sigma/view.ts'
import { countryCircles } from './country-circles.ts'
import type { Locate } from './locate.ts'
import type { Spot } from './memory.ts'
import type { PositionFields } from './rule.ts'

/** Where an event happened, as the circle that its fields, or what is known of its address, allow for; null = unknown. */
export function positionOf(fields: PositionFields, view: View, locate: Locate): Omit<Spot, 'at'> | null {
  const country = countryOf(textOf(view, fields.country))
  const latitude = degrees(view, fields.latitude, 90)
  const longitude = degrees(view, fields.longitude, 180)
  const isExact = fields.city === null || textOf(view, fields.city) !== ''
  // Nobody is at 0, 0: it is what databases say for "unknown".
  if (latitude !== null && longitude !== null && isExact && (latitude !== 0 || longitude !== 0))
    return { latitude, longitude, radiusKm: fields.radiusKm, country, by: 'coordinates' }
  const circle = country === null ? undefined : countryCircles.get(country)
  if (circle !== undefined) return { ...circle, country, by: 'country' }
  const address = textOf(view, fields.ip)
  const located = address === '' || address.length > 60 ? null : locate(address)
  if (located === null) return null
  if (located.point !== null) return { ...located.point, country: located.country, by: 'address' }
  const around = located.country === null ? undefined : countryCircles.get(located.country)
  return around === undefined ? null : { ...around, country: located.country, by: 'country' }
}

const countryOf = (text: string) => (/^[A-Za-z]{2}$/.test(text) ? text.toUpperCase() : null)

function textOf(view: View, field: string | null): string {
  const value = field === null ? null : (view.field(field).values[0] ?? null)
  return value === null ? '' : String(value).trim()
}

function degrees(view: View, field: string | null, limit: number): number | null {
  const text = textOf(view, field)
  const value = /^-?\d{1,3}(\.\d{1,20})?$/.test(text) ? Number(text) : Number.NaN
  return Math.abs(value) <= limit ? value : null
}

const earthKm = 6371.0088
const radians = Math.PI / 180

/** Length of the great circle between two points (haversine, mean radius of the earth), in kilometres. */
export function distanceKm(
  a: { readonly latitude: number; readonly longitude: number },
  b: { readonly latitude: number; readonly longitude: number },
): number {
  const height = Math.sin(((b.latitude - a.latitude) * radians) / 2) ** 2
  const width = Math.sin(((b.longitude - a.longitude) * radians) / 2) ** 2
  const both = height + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * width
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(both)))
}
