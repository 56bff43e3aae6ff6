import { comparedIncidents, type Similar, similarIncidents } from '../cases/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'
import { type Reply, refused, shown } from './reply.ts'

const most = 5

/** `/similar`: which incidents are alike, and by what. */
export async function showSimilar(store: Store, incident: IncidentNumber): Promise<Reply> {
  const found = await store.snapshot((tx) => similarIncidents(tx, incident))
  if (found === null) return refused(`there is no incident ${incident}`)
  if (found.length === 0) return shown([`none of the newest ${comparedIncidents} incidents is like INC-${incident}`])
  return shown(found.map(similarLine))
}

/** An incident that is alike, in a line that says why. */
export function similarLine({ number, title, status, verdict, shared }: Similar): string {
  const part = (name: string, values: readonly string[]) =>
    values.length === 0
      ? []
      : [
          `${name} ${values.slice(0, most).join(', ')}${values.length > most ? ` and ${values.length - most} more` : ''}`,
        ]
  const both = [
    ...part('values', shared.entities),
    ...part('rules', shared.rules),
    ...part('techniques', shared.techniques),
  ]
  return `INC-${number} (${verdict === null ? status : `${status}, ${verdict}`}): ${title}; both have ${both.join('; ')}`
}
