import {
  type AlertGroup,
  type AlertId,
  type Incident,
  type IncidentNumber,
  type IncidentStatus,
  markedId,
  type Observable,
} from '../model/index.ts'
import { asStored, entityKeys, entityOf } from './entity-index.ts'

/** What grouping asks about an incident: a few hundred bytes where the whole incident has tens of thousands. */
export interface IncidentBrief {
  readonly number: IncidentNumber
  readonly status: IncidentStatus
  readonly firstAt: number
  readonly lastAt: number
  readonly tactics: readonly string[]
  /** As the index holds them. */
  readonly entities: readonly string[]
  readonly mergedInto: IncidentNumber | null
  /** As in the incident; absent where a person keeps it apart from none. */
  readonly apartFrom?: readonly IncidentNumber[]
}

/** What counting asks about a stored alert. */
export interface AlertBrief {
  readonly id: AlertId
  /** As {@link keptKey} shortens it. */
  readonly key: string
  readonly incident: IncidentNumber
  readonly lastAt: number
}

/** One is kept for every alert within reach, so that what is longer than its hash by much costs memory for nothing. */
const maxKey = 40

/** What an aggregation key is kept under: attackers choose the values in it, and memory must not grow with their length. */
export function keptKey(key: string): string {
  const stored = asStored(key)
  return stored.length <= maxKey ? stored : markedId('#', stored)
}

/** The brief of an incident; `known` is an earlier one whose observables were the same. */
export function briefOfIncident(
  incident: Pick<Incident, 'number' | 'status' | 'firstAt' | 'lastAt' | 'tactics' | 'mergedInto' | 'apartFrom'> & {
    readonly observables: readonly Observable[]
  },
  known: IncidentBrief | undefined,
): IncidentBrief {
  const { number, status, firstAt, lastAt, mergedInto, apartFrom } = incident
  return {
    number,
    status,
    firstAt,
    lastAt,
    tactics: shared(incident.tactics),
    entities: known?.entities ?? entityKeys(incident.observables).map(entityOf),
    mergedInto,
    ...(apartFrom === undefined ? {} : { apartFrom }),
  }
}

export function briefOfAlert({ id, key, incident, lastAt }: AlertBrief | AlertGroup): AlertBrief {
  return { id, key: keptKey(key), incident, lastAt }
}

const lists = new Map<string, readonly string[]>()
const maxLists = 1000

/** The same few lists of tactics stand in very many incidents: one copy of each is enough. */
function shared(list: readonly string[]): readonly string[] {
  const key = list.join()
  const known = lists.get(key)
  if (known !== undefined) return known
  if (lists.size < maxLists) lists.set(key, list)
  return list
}
