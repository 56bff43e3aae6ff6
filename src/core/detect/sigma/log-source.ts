import type { Event, LogSource } from '../../model/index.ts'
import type { Search } from './search.ts'
import { View } from './view.ts'

/** Where a rule applies, after Sigma's log source has been resolved to what events carry. */
export interface Scope {
  readonly product: string | undefined
  readonly service: string | undefined
  /** Any of these; null = whatever the event's category is. */
  readonly categories: ReadonlySet<string> | null
  /** What else must hold, where one category of events is two of Sigma's. */
  readonly when: Search | null
}

/**
 * Sysmon reports keys that are created and keys or values that are deleted with one event id, 12, and tells them apart
 * by EventType (https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon, event 12); Sigma has a category for
 * each, and `registry_event` for all of them (SigmaHQ taxonomy, sigma-appendix-taxonomy).
 */
const registryCategories = ['registry_event', 'registry_add', 'registry_set', 'registry_delete', 'registry_rename']

const isDeletion: Search = {
  kind: 'atom',
  label: 'EventType|startswith',
  field: 'EventType',
  needs: [],
  test: (view) =>
    view
      .field('EventType')
      .lower()
      .some((one) => one.startsWith('delete')),
}

/** The scope of a rule's log source. */
export function scopeOf({ product, category, service }: LogSource): Scope {
  const scope = { product, service, categories: category === undefined ? null : new Set([category]), when: null }
  if (product !== undefined && product !== 'windows') return scope
  if (category === 'registry_event') return { ...scope, categories: new Set(registryCategories) }
  if (category === 'registry_add') return { ...scope, when: { kind: 'not', part: isDeletion } }
  if (category === 'registry_delete')
    return { ...scope, categories: new Set(['registry_add', 'registry_delete']), when: isDeletion }
  return scope
}

/** Whether events of a log source are in the scope. */
export function inScope(scope: Scope, given: LogSource): boolean {
  return (
    (scope.product === undefined || scope.product === given.product) &&
    (scope.service === undefined || scope.service === given.service) &&
    (scope.categories === null || (given.category !== undefined && scope.categories.has(given.category)))
  )
}

/** Windows' own event 4688 says under other names what Sysmon's event 1 says, and Sigma has taken Sysmon's names. */
const processCreation: ReadonlyMap<string, string> = new Map([
  ['Image', 'NewProcessName'],
  ['ParentImage', 'ParentProcessName'],
  ['User', 'SubjectUserName'],
  ['LogonId', 'SubjectLogonId'],
])
const none: ReadonlyMap<string, string> = new Map()

/** The view of an event under the field names that Sigma uses for its log source. */
export function viewOf({ logsource, record }: Pick<Event, 'logsource' | 'record'>): View {
  const isWindowsProcess = logsource.product === 'windows' && logsource.category === 'process_creation'
  return new View(record, isWindowsProcess ? processCreation : none)
}
