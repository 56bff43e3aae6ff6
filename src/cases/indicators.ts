import {
  type IncidentNumber,
  type ObservableType,
  observableKey,
  oneLine,
  type Problem,
  problem,
  type Result,
} from '../core/model/index.ts'
import { normalizeObservable } from '../core/normalize/index.ts'
import type { Known, Provider } from '../enrich/index.ts'
import { appendAudit, lockAudit, type Tx } from '../store/index.ts'

/** A value that the team itself calls malicious. Times are epoch milliseconds; `validUntil` null = until it is removed. */
export interface NamedIndicator {
  readonly type: ObservableType
  readonly value: string
  readonly reason: string
  readonly actor: string
  readonly incident: IncidentNumber | null
  readonly addedAt: number
  readonly validUntil: number | null
}

/** What is to be added; a type that is not given is told from the value's form. */
export interface NewIndicator extends Omit<NamedIndicator, 'type'> {
  readonly type: ObservableType | null
}

const maxNamed = 50_000
const columns = `type, value, reason, actor, incident, added_at as "addedAt", valid_until as "validUntil"`
const fail = (code: string, message: string, hint?: string): { ok: false; problems: readonly Problem[] } => ({
  ok: false,
  problems: [problem(`cases/${code}`, message, undefined, hint)],
})

/** Adds a value, or gives one that is there another reason and end; written to the audit chain. Refused without reason, of no known form, or for an incident that is not there. */
export async function addIndicator(tx: Tx, wish: NewIndicator): Promise<Result<NamedIndicator>> {
  const type = wish.type ?? typeOf(wish.value)
  const value = type === null ? null : normalizeObservable(type, wish.value.slice(0, 2000))
  const said = oneLine(wish.value, 80)
  if (type === null)
    return fail(
      'type',
      `what "${said}" is cannot be told`,
      'write its type: ip, domain, url, hash, email, host or user',
    )
  if (value === null) return fail('value', `"${said}" is no ${type}`)
  const actor = oneLine(wish.actor, 200).toWellFormed()
  const reason = oneLine(wish.reason, 500).toWellFormed()
  if (actor === '') return fail('actor', 'nobody is named as adding it')
  if (reason === '') return fail('reason', 'an indicator needs a reason')
  if (wish.validUntil !== null && wish.validUntil <= wish.addedAt) return fail('end', 'it would be over already')
  if (wish.incident !== null && !(await isIncident(tx, wish.incident)))
    return fail('incident', `there is no incident ${wish.incident}`, 'gitsoc incidents list --all shows what there is')
  await lockAudit(tx)
  const [before, count] = [await readIndicator(tx, type, value), await countOf(tx)]
  if (before !== null && before.validUntil === wish.validUntil && before.reason === reason)
    return fail('unchanged', `${value} is an indicator already, named by ${before.actor}: ${before.reason}`)
  if (before === null && count >= maxNamed)
    return fail('many', `there are ${maxNamed} already`, 'longer lists are files: see README.md, "Offline context"')
  const added: NamedIndicator = { ...wish, type, value, actor, reason }
  await tx.query(
    `insert into indicator (tenant, type, value, reason, actor, incident, added_at, valid_until)
      values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant, type, value) do update
      set reason = excluded.reason, actor = excluded.actor, incident = excluded.incident, added_at = excluded.added_at,
        valid_until = excluded.valid_until, removed_at = null, removed_by = null, changed = nextval('indicator_changed')`,
    [tx.tenant, type, value, reason, actor, wish.incident, wish.addedAt, wish.validUntil],
  )
  await appendAudit(tx, {
    at: wish.addedAt,
    actor,
    action: 'indicator.add',
    subject: `indicator/${type}`,
    details: { value, reason, validUntil: wish.validUntil, incident: wish.incident },
  })
  return { ok: true, value: added }
}

/** Takes a value off the list; what was scored with it stays as it was. */
export async function removeIndicator(
  tx: Tx,
  wish: {
    readonly value: string
    readonly type: ObservableType | null
    readonly actor: string
    readonly reason: string
    readonly at: number
  },
): Promise<Result<NamedIndicator>> {
  const type = wish.type ?? typeOf(wish.value)
  const value = type === null ? null : normalizeObservable(type, wish.value.slice(0, 2000))
  const actor = oneLine(wish.actor, 200).toWellFormed()
  if (actor === '') return fail('actor', 'nobody is named as removing it')
  await lockAudit(tx)
  const known = type === null || value === null ? null : await readIndicator(tx, type, value)
  if (known === null) return fail('unknown', `"${oneLine(wish.value, 80)}" is no indicator of the team`)
  await tx.query(
    `update indicator set removed_at = $4, removed_by = $5, changed = nextval('indicator_changed')
      where tenant = $1 and type = $2 and value = $3`,
    [tx.tenant, known.type, known.value, wish.at, actor],
  )
  await appendAudit(tx, {
    at: wish.at,
    actor,
    action: 'indicator.remove',
    subject: `indicator/${known.type}`,
    details: { value: known.value, reason: oneLine(wish.reason, 500) },
  })
  return { ok: true, value: known }
}

/** What is on the list, the newest first; what is over at `at` only when asked for. */
export async function listIndicators(
  tx: Tx,
  options: { readonly at: number; readonly over?: boolean; readonly limit?: number },
): Promise<readonly NamedIndicator[]> {
  const found = await tx.query<NamedIndicator>(
    `select ${columns} from indicator where tenant = $1 and removed_at is null
       and ($2 or valid_until is null or valid_until > $3) order by added_at desc, type, value limit $4`,
    [tx.tenant, options.over ?? false, options.at, options.limit ?? 200],
  )
  return found.rows
}

/** The team's list in memory, for looking up while events are decided. */
export interface IndicatorBook {
  readonly provider: Provider
  /** Brings it up to date. Costs one small query when nothing changed, and none where the caller knows the newest change. */
  refresh(tx: Tx, newest?: number): Promise<void>
}

/** A book that is empty until it is refreshed. */
export function createIndicatorBook(): IndicatorBook {
  let known = new Map<string, Known>()
  let seen = -1
  return {
    provider: {
      name: 'team-indicators',
      lookup: (observable) => (known.size === 0 ? null : (known.get(observableKey(observable)) ?? null)),
    },
    async refresh(tx, newest) {
      const changed = newest ?? (await newestChange(tx))
      if (changed === seen) return
      const found = await tx.query<NamedIndicator>(
        `select ${columns} from indicator where tenant = $1 and removed_at is null order by type, value limit ${maxNamed}`,
        [tx.tenant],
      )
      known = new Map(found.rows.map((one) => [`${one.type}:${one.value}`, knownOf(one)]))
      seen = changed
    },
  }
}

async function newestChange(tx: Tx): Promise<number> {
  const newest = await tx.query<{ changed: number }>(
    'select coalesce(max(changed), 0) as changed from indicator where tenant = $1',
    [tx.tenant],
  )
  return newest.rows[0]?.changed ?? 0
}

function knownOf({ type, value, reason, actor, validUntil }: NamedIndicator): Known {
  const sentence = `${value} was named malicious by ${actor}: ${reason}`
  const data = { by: actor, reason }
  return {
    validUntil,
    enrichment: { observable: `${type}:${value}`, provider: 'team-indicators', verdict: 'malicious', sentence, data },
  }
}

async function readIndicator(tx: Tx, type: ObservableType, value: string): Promise<NamedIndicator | null> {
  const found = await tx.query<NamedIndicator>(
    `select ${columns} from indicator where tenant = $1 and type = $2 and value = $3 and removed_at is null`,
    [tx.tenant, type, value],
  )
  return found.rows[0] ?? null
}

async function isIncident(tx: Tx, number: IncidentNumber): Promise<boolean> {
  const found = await tx.query('select from incident where tenant = $1 and number = $2', [tx.tenant, number])
  return found.rowCount === 1
}

async function countOf(tx: Tx): Promise<number> {
  const found = await tx.query<{ n: number }>(
    'select count(*)::int as n from indicator where tenant = $1 and removed_at is null',
    [tx.tenant],
  )
  return found.rows[0]?.n ?? 0
}

/** What a value is by its form alone; null where several would do or none. A bare name may be a host, a user or a file. */
function typeOf(value: string): ObservableType | null {
  const forms: readonly ObservableType[] = ['url', 'email', 'ip', 'hash', 'domain']
  return forms.find((type) => normalizeObservable(type, value.slice(0, 2000)) !== null) ?? null
}
