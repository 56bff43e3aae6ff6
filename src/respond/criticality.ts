import { type Incident, isObject } from '../core/model/index.ts'

/** What the inventory said of a target when the incident's observables were looked up; null when it is not in it. */
export function criticalityOf(incident: Incident, target: string): string | null {
  const wanted = target.toLowerCase()
  const found = incident.enrichments.find(
    (one) =>
      one.provider === 'inventory' && one.observable.slice(one.observable.indexOf(':') + 1).toLowerCase() === wanted,
  )
  const criticality = isObject(found?.data) ? found.data.criticality : undefined
  return typeof criticality === 'string' ? criticality : null
}
