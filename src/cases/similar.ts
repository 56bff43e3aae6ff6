import { entityKeys } from '../core/correlate/index.ts'
import type { IncidentNumber, IncidentStatus, Observable, Verdict } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** By which an incident is compared: values that link, techniques, and rules that alerted. */
export interface Traits {
  readonly entities: readonly string[]
  readonly techniques: readonly string[]
  readonly rules: readonly string[]
}

/** An incident to compare with. */
export interface Comparable extends Traits {
  readonly number: IncidentNumber
  readonly title: string
  readonly status: IncidentStatus
  readonly verdict: Verdict | null
}

/** An incident that is alike: what both have, the rarest first. `weight` grows with how much it is and how few have it. */
export interface Similar extends Comparable {
  readonly weight: number
  readonly shared: Traits
}

/** So many other incidents, the newest, are compared. */
export const comparedIncidents = 1000

const weights = { entities: 3, rules: 2, techniques: 1 } as const
const kinds = ['entities', 'rules', 'techniques'] as const

/**
 * The incidents most like one, the likest first. What few of them have counts more than what many have (the logarithm of all over those that
 * have it), a value more than a rule, a rule more than a technique. What nearly all have says nothing.
 */
export function rankSimilar(of: Traits, others: readonly Comparable[], limit: number): readonly Similar[] {
  const having = new Map<string, number>()
  for (const other of others)
    for (const kind of kinds)
      for (const one of new Set(other[kind])) having.set(`${kind} ${one}`, (having.get(`${kind} ${one}`) ?? 0) + 1)
  const weightOf = (kind: (typeof kinds)[number], one: string) =>
    weights[kind] * Math.log2((others.length + 1) / (having.get(`${kind} ${one}`) ?? 1))
  const found = others.flatMap((other): Similar[] => {
    const pick = (kind: (typeof kinds)[number]) => {
      const has = new Set(other[kind])
      return [...new Set(of[kind])]
        .filter((one) => has.has(one))
        .sort((a, b) => weightOf(kind, b) - weightOf(kind, a) || (a < b ? -1 : 1))
    }
    const shared: Traits = { entities: pick('entities'), techniques: pick('techniques'), rules: pick('rules') }
    const weight = kinds.reduce((sum, kind) => sum + shared[kind].reduce((all, one) => all + weightOf(kind, one), 0), 0)
    return weight === 0 ? [] : [{ ...other, weight: Math.round(weight * 100) / 100, shared }]
  })
  return found.sort((a, b) => b.weight - a.weight || b.number - a.number).slice(0, limit)
}

interface Row {
  readonly number: number
  readonly title: string
  readonly status: IncidentStatus
  readonly verdict: Verdict | null
  readonly observables: readonly Observable[]
  readonly techniques: readonly string[]
}

/** {@link rankSimilar} over what is stored: the newest {@link comparedIncidents} that were not merged. Null when there is no such incident. */
export async function similarIncidents(tx: Tx, number: IncidentNumber, limit = 5): Promise<readonly Similar[] | null> {
  const found = await tx.query<Row>(
    `select number, doc->>'title' as title, status, verdict, doc->'observables' as observables, doc->'techniques' as techniques
      from incident where tenant = $1 and (number = $2 or status <> 'merged') order by number = $2 desc, number desc limit $3`,
    [tx.tenant, number, comparedIncidents + 1],
  )
  const rules = await tx.query<{ incident: number; rules: readonly string[] }>(
    `select incident, array_agg(distinct doc->>'ruleId' order by doc->>'ruleId') as rules from alert
      where tenant = $1 and incident = any($2::int[]) group by incident`,
    [tx.tenant, found.rows.map((one) => one.number)],
  )
  const rulesOf = new Map(rules.rows.map((one) => [one.incident, one.rules]))
  const [self, ...others] = found.rows.map(({ observables, ...row }) => ({
    ...row,
    entities: entityKeys(observables),
    rules: rulesOf.get(row.number) ?? [],
  }))
  return self === undefined || self.number !== number ? null : rankSimilar(self, others, limit)
}
