import type { OpenEffect } from './open-effect.ts'
import type { Turn } from './turn.ts'

/**
 * Whether the same was done for this incident before, and not taken back: then what the vendor shows does not tell whether
 * it was done a second time.
 */
export async function wasDoneBefore({ round, incident }: Turn, action: string, effect: OpenEffect): Promise<boolean> {
  const found = await round.tx.query(
    `select from effect e where e.tenant = $1 and e.incident = $2 and e.action = $3 and e.target = $4 and e.id <> $5
        and e.outcome = 'done' and e.undoes is null
        and not exists (select from effect u where u.tenant = e.tenant and u.run = e.run and u.undoes = e.id and u.outcome = 'done') limit 1`,
    [round.tx.tenant, incident.number, action, effect.target, effect.id],
  )
  return found.rowCount > 0
}
