import { type Incident, type Observable, observableKey } from '../model/index.ts'

/**
 * The observables of an incident, each user under the one name that the inventory has for it: `user17` and
 * `user17@example.com` are one when an entry of the inventory names both, and never because they look alike. Whoever acts on
 * both would act on one account twice, whoever acts on two that only look alike would hit the wrong person.
 */
export function underOneName({
  observables,
  enrichments,
}: Pick<Incident, 'observables' | 'enrichments'>): readonly Observable[] {
  let names: Map<string, string> | undefined
  for (const { provider, observable, data } of enrichments) {
    if (provider !== 'inventory' || !observable.startsWith('user:')) continue
    if (typeof data.name !== 'string' || data.name === '') continue
    names ??= new Map()
    names.set(observable, data.name.toLowerCase())
  }
  if (names === undefined) return observables
  const seen = new Set<string>()
  return observables.flatMap((one) => {
    const name = names?.get(observableKey(one))
    if (one.type !== 'user') return [one]
    const named = name === undefined ? one : { ...one, value: name }
    const key = `${named.role} ${named.value}`
    if (seen.has(key)) return []
    seen.add(key)
    return [named]
  })
}
