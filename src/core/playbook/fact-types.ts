import { incidentStatuses } from '../model/index.ts'
import { constantOf, either, listOf, type Type, text, typeOf } from '../template/index.ts'

const number = typeOf('number')
const texts = listOf(text)
const choice = (values: readonly string[]): Type => values.map(constantOf).reduce(either)
const maybe = (type: Type, why: string): Type => ({ ...either(type, typeOf('null')), missing: why })

/** What the facts of an incident may be when a playbook reads them; an incident has been assessed by then. */
export const incidentFactTypes: Readonly<Record<string, Type>> = {
  number,
  title: text,
  status: choice(incidentStatuses),
  severity: choice(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
  score: number,
  alertSeverity: choice(['unknown', 'informational', 'low', 'medium', 'high', 'critical', 'fatal']),
  alertSeverityId: number,
  alertCount: number,
  signalCount: number,
  sources: texts,
  sourceCount: number,
  techniques: texts,
  tactics: texts,
  tacticCount: number,
  durationMinutes: number,
  attackerIps: texts,
  targetIps: texts,
  users: texts,
  targetUsers: texts,
  hosts: texts,
  people: texts,
  accessKeys: texts,
  longLivedKeys: texts,
  resources: texts,
  domains: texts,
  maliciousCount: number,
  benignCount: number,
  assetCriticality: maybe(
    choice(['critical', 'high', 'medium', 'low']),
    'no asset of the incident is in the inventory',
  ),
  countries: texts,
  corroborated: typeOf('boolean'),
  confidence: choice(['low', 'medium', 'high']),
  escalations: texts,
  owner: maybe(text, 'nobody owns the incident'),
}
