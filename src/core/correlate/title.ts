import { type Incident, type Observable, oneLine } from '../model/index.ts'
import { underOneName } from './one-name.ts'

/** Tactics in the order of an attack (ATT&CK's matrix, left to right). */
export const tacticOrder: readonly string[] = [
  ...[
    'reconnaissance',
    'resource-development',
    'initial-access',
    'execution',
    'persistence',
    'privilege-escalation',
    'stealth',
  ],
  ...[
    'defense-impairment',
    'credential-access',
    'discovery',
    'lateral-movement',
    'collection',
    'command-and-control',
    'exfiltration',
    'impact',
  ],
]

const rank: Readonly<Record<Observable['type'], number>> = {
  user: 0,
  host: 1,
  'access-key': 2,
  resource: 3,
  email: 4,
  ip: 5,
  domain: 6,
  url: 7,
  hash: 8,
  file: 9,
  process: 10,
}

/** What an incident is about, from its facts: the furthest tactic, the entities, the sources. */
export function titleOf(
  incident: Pick<Incident, 'observables' | 'enrichments' | 'tactics' | 'sources' | 'alertCount'>,
  firstAlertTitle: string,
): string {
  if (incident.alertCount === 1) return firstAlertTitle
  const observables = underOneName(incident)
  const targets = observables.filter((one) => one.role === 'target' && rank[one.type] <= 2)
  const entities = (targets.length > 0 ? targets : observables.filter((one) => one.role !== 'attacker'))
    .filter((one) => one.type === 'user' || one.type === 'host')
    .toSorted((a, b) => rank[a.type] - rank[b.type])
    .map((one) => oneLine(one.value, 60))
  const shown = [...new Set(entities)].slice(0, 3).join(', ')
  const tactics = tacticOrder.filter((one) => incident.tactics.includes(one))
  const span =
    tactics.length > 1 ? `${words(tactics[0])} to ${words(tactics.at(-1))}` : words(tactics[0] ?? 'suspicious activity')
  return `${capital(span)}${shown === '' ? '' : `: ${shown}`} (${incident.alertCount} alerts from ${incident.sources.length} source${incident.sources.length === 1 ? '' : 's'})`
}

const words = (tactic: string | undefined) => (tactic ?? '').replace(/-/g, ' ')
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
