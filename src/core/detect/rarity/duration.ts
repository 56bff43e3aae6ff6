const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

export const dayMs = 86_400_000

/** `30d`, `1h`, `15m` in milliseconds; null when it is none. */
export function durationMs(text: unknown): number | null {
  const match = typeof text === 'string' ? /^([1-9]\d{0,3})([mhdw])$/.exec(text) : null
  return match === null ? null : Number(match[1]) * (unitMs[match[2] as string] as number)
}

/** `30 days`, `1 hour`, `3 h 20 min`. */
export function durationText(ms: number): string {
  for (const [name, size] of [
    ['day', dayMs],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const)
    if (ms >= size && ms % size === 0) return `${ms / size} ${name}${ms === size ? '' : 's'}`
  const minutes = Math.round(ms / 60_000)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2026-05-12 08:41 UTC`. */
export const timeText = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** `2026-05-12`. */
export const dayText = (at: number) => new Date(at).toISOString().slice(0, 10)
