/** So many writes in so long, and no more than `burst` at once. A burst of 1 spaces them evenly. */
export interface Limit {
  readonly writes: number
  readonly perMs: number
  readonly burst: number
}

/** Limits that all hold at the same time. */
export type Budget = readonly Limit[]

/** What was left of each limit, and when. */
export interface Purse {
  readonly tokens: readonly number[]
  readonly at: number
}

/** A purse that is full. */
export const fullPurse = (budget: Budget, at: number): Purse => ({ tokens: budget.map((one) => one.burst), at })

/** Takes one write out of every limit: the purse after it, and in how many milliseconds there is one when there is none now. */
export function spendOne(budget: Budget, purse: Purse, at: number): { readonly purse: Purse; readonly waitMs: number } {
  const elapsed = Math.max(0, at - purse.at)
  const tokens = budget.map((limit, index) =>
    Math.min(limit.burst, (purse.tokens[index] ?? limit.burst) + (elapsed * limit.writes) / limit.perMs),
  )
  const filled = { tokens, at: Math.max(at, purse.at) }
  // A hair less than one is one: thirds of tokens do not add up to whole ones.
  const lacks = budget.map(
    (limit, index) => Math.max(0, 1 - 1e-6 - (tokens[index] ?? 0)) * (limit.perMs / limit.writes),
  )
  const waitMs = Math.ceil(Math.max(0, ...lacks))
  if (waitMs > 0) return { purse: filled, waitMs }
  return { purse: { ...filled, tokens: tokens.map((one) => Math.max(0, one - 1)) }, waitMs: 0 }
}
