import type { EffectClass, RuleRef } from '../model/index.ts'
import type { ApprovalTerms } from './policy.ts'
import { matchesTarget } from './target-pattern.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
/** Names of days as policies write them, in the order of `Date`'s numbers. */
export const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** A time in which effects are asked about or denied; UTC. */
export interface Window {
  readonly ref: RuleRef
  readonly title: string
  readonly effects: readonly EffectClass[]
  /** Patterns; null = every target. */
  readonly targets: readonly string[] | null
  readonly time:
    | { readonly kind: 'once'; readonly startsAt: number; readonly endsAt: number }
    | {
        readonly kind: 'weekly'
        readonly days: readonly number[]
        readonly fromMinute: number
        readonly toMinute: number
      }
  readonly answer: 'ask' | 'deny'
  readonly terms: ApprovalTerms
  readonly reason: string
}

/** Whether an effect on a target at a time (epoch milliseconds) falls into a window. */
export function isInWindow(window: Window, effect: string, target: string, at: number): boolean {
  if (!window.effects.some((one) => one === effect)) return false
  if (window.targets !== null && !window.targets.some((one) => matchesTarget(one, target))) return false
  const { time } = window
  if (time.kind === 'once') return at >= time.startsAt && at < time.endsAt
  const minute = Math.floor((at % dayMs) / minuteMs)
  const day = new Date(at).getUTCDay()
  const begins = (on: number) => time.days.includes(on)
  if (time.fromMinute < time.toMinute) return begins(day) && minute >= time.fromMinute && minute < time.toMinute
  // It ends on the day after the one it began on.
  return (begins(day) && minute >= time.fromMinute) || (begins((day + 6) % 7) && minute < time.toMinute)
}
