import type { Tx } from '../store/index.ts'

/**
 * Makes of the marks that are committed one row for each channel and incident: a row that is waiting already is wanted once
 * more and keeps its place. Several may do so at the same time. Says how many marks there were.
 */
export async function foldMarks(tx: Tx, at: number): Promise<number> {
  const found = await tx.query<{ marks: number }>({ name: 'fold-marks', text: fold }, [tx.tenant, at])
  return found.rows[0]?.marks ?? 0
}

// Upserts in one order, so that two that fold at once wait for each other in a line.
const fold = `with first as materialized (
    select n from projection_mark where tenant = $1 order by n limit 10000 for update skip locked),
  gone as (delete from projection_mark where tenant = $1 and n in (select n from first) returning incident, n),
  one as (select incident, min(n) as n from gone group by incident),
  folded as (
    insert into projection as p (tenant, channel, subject, incident, rank, since, marked_at)
      select $1, c.channel, 'incident/' || one.incident, one.incident,
        case i.severity when 'CRITICAL' then 0 when 'HIGH' then 1 when 'MEDIUM' then 2 when 'LOW' then 3 else 4 end, one.n, $2
      from one join incident i on i.tenant = $1 and i.number = one.incident cross join projection_channel c
      where c.tenant = $1 order by c.channel, one.incident
    on conflict (tenant, channel, subject) do update set wanted = p.wanted + 1, rank = excluded.rank,
      since = case when p.wanted > p.written then p.since else excluded.since end,
      marked_at = case when p.wanted > p.written then p.marked_at else excluded.marked_at end
    returning 1)
  select count(*) as marks from gone where (select count(*) from folded) >= 0`
