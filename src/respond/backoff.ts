import { sha256 } from '../core/model/index.ts'

/** How often a call is made and how long the pauses are; see the playbook language. */
export interface Patience {
  readonly attempts: number
  readonly backoffMs: number
  readonly maxMs: number
}

/**
 * The pause after call number `n` of an effect: doubles from call to call up to the bound, half of it is jitter. The
 * jitter follows from the effect and the number, so that it is the same whoever computes it.
 */
export function pauseMs(effect: string, n: number, patience: Patience): number {
  const full = Math.min(patience.maxMs, patience.backoffMs * 2 ** Math.min(30, n - 1))
  const share = Number.parseInt(sha256(`${effect} ${n}`).slice(0, 8), 16) / 0xffff_ffff
  return Math.round(full / 2 + (full / 2) * share)
}
