import type { Store } from '../../../store/index.ts'

/** A pull request that is to be looked at. `round` grows with each head and each wish; what is done is an older one. */
export interface PlanRow {
  readonly pull: number
  readonly wanted: string
  readonly round: number
  readonly checkRun: number | null
  readonly checkHead: string | null
  readonly comment: number | null
  readonly attempts: number
}

export const planChannel = 'gitsoc_github_plan'
/** Renewed while a plan is made; whoever has not renewed it by then has crashed. */
export const planLeaseMs = 60_000
export const maxPlanAttempts = 5
const columns = `pull, wanted, round, check_run as "checkRun", check_head as "checkHead", comment, attempts`

/** Wants a look at a head; nothing happens when it is wanted or was looked at already, unless `again`. */
export async function wantPlan(
  store: Store,
  wish: { readonly pull: number; readonly head: string; readonly base: string; readonly again: boolean },
  at: number,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const turned = await tx.query(
      `insert into github_plan (tenant, pull, wanted, base, next_at) values ($1, $2, $3, $4, $5)
        on conflict (tenant, pull) do update set wanted = $3, base = $4, round = github_plan.round + 1, next_at = $5, attempts = 0, error = null
        where github_plan.wanted <> $3 or github_plan.base <> $4 or $6`,
      [tx.tenant, wish.pull, wish.head, wish.base, at, wish.again],
    )
    if (turned.rowCount > 0) await tx.query('select pg_notify($1, $2)', [planChannel, tx.tenant])
    return turned.rowCount > 0
  })
}

/** Takes the next one that is due. */
export async function claimPlan(store: Store, at: number): Promise<PlanRow | null> {
  const found = await store.transaction((tx) =>
    tx.query<PlanRow>(
      `update github_plan set claimed_until = $2 + ${planLeaseMs}, attempts = attempts + 1
        where tenant = $1 and pull = (
          select pull from github_plan where tenant = $1 and round > done_round and next_at <= $2 and claimed_until < $2
          order by next_at limit 1 for update skip locked)
        returning ${columns}`,
      [tx.tenant, at],
    ),
  )
  return found.rows[0] ?? null
}

/** Keeps the claim; the round and head that are wanted now. */
export async function renewPlan(
  store: Store,
  pull: number,
  at: number,
): Promise<Pick<PlanRow, 'round' | 'wanted'> | null> {
  const found = await store.transaction((tx) =>
    tx.query<Pick<PlanRow, 'round' | 'wanted'>>(
      `update github_plan set claimed_until = $3 + ${planLeaseMs} where tenant = $1 and pull = $2 returning round, wanted`,
      [tx.tenant, pull, at],
    ),
  )
  return found.rows[0] ?? null
}

/** Where it is told on GitHub. */
export async function keepPlaces(
  store: Store,
  pull: number,
  places: { readonly checkRun: number; readonly checkHead: string } | { readonly comment: number },
): Promise<void> {
  await store.transaction((tx) =>
    'comment' in places
      ? tx.query('update github_plan set comment = $3 where tenant = $1 and pull = $2', [
          tx.tenant,
          pull,
          places.comment,
        ])
      : tx.query('update github_plan set check_run = $3, check_head = $4 where tenant = $1 and pull = $2', [
          ...[tx.tenant, pull, places.checkRun, places.checkHead],
        ]),
  )
}

/** Done with a round; a newer one that was wanted meanwhile is due at once. */
export async function settlePlan(store: Store, row: PlanRow, head: string): Promise<void> {
  await store.transaction((tx) =>
    tx.query(
      `update github_plan set done_round = $3, done_head = $4, claimed_until = 0, error = null,
        attempts = case when round = $3 then attempts else 0 end
        where tenant = $1 and pull = $2`,
      [tx.tenant, row.pull, row.round, head],
    ),
  )
}

/** Gives a claim back to be tried again: at once where a newer head is wanted, else after a while. */
export async function putOffPlan(store: Store, pull: number, reason: string | null, at: number): Promise<void> {
  await store.transaction((tx) =>
    tx.query(
      `update github_plan set claimed_until = 0, error = $3, next_at = case when $3::text is null then $4::bigint else $4::bigint + 15000 * attempts end,
        attempts = case when $3::text is null then 0 else attempts end
        where tenant = $1 and pull = $2`,
      [tx.tenant, pull, reason, at],
    ),
  )
}
