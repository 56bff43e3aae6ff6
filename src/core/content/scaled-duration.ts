import type { Json } from '../model/index.ts'

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** A duration such as `15m` made longer or shorter, in the largest unit that it fits; null when it is none or would be less than a second. */
export function scaledDuration(text: Json | undefined, factor: number): string | null {
  const [, count, unit = ''] = typeof text === 'string' ? (/^(\d{1,6})([smhdw])$/.exec(text) ?? []) : []
  const total = Math.floor(Number(count ?? 0) * (seconds[unit] ?? 0) * factor)
  if (total < 1) return null
  const [name, size] = Object.entries(seconds).findLast(([, one]) => total % one === 0) ?? ['s', 1]
  return `${total / size}${name}`
}
