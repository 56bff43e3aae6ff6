import { tacticOrder } from '../../core/correlate/index.ts'
import type { Incident } from '../../core/model/index.ts'

/** Every issue of an incident has it. */
export const incidentLabel = 'incident'
const prefixes = ['severity:', 'status:', 'tactic:', 'source:'] as const
/** GitHub's bound on the name of a label. */
const maxName = 50
const maxSources = 10

/** Whether a label is ours to set; others belong to people. */
export const isOurs = (label: string): boolean =>
  label === incidentLabel || prefixes.some((prefix) => label.startsWith(prefix))

/** The labels of an incident, sorted. `source:` stands for a name that a vendor's manifest chose, cleared of everything else. */
export function labelsOf(incident: Incident): readonly string[] {
  const severity = incident.assessment?.severity
  const sources = incident.sources.map((one) => one.toLowerCase().replace(/[^a-z0-9-]+/g, '-'))
  return [
    ...new Set([
      incidentLabel,
      ...(severity === undefined ? [] : [`severity:${severity.toLowerCase()}`]),
      `status:${incident.status}`,
      ...tacticOrder.filter((one) => incident.tactics.includes(one)).map((one) => `tactic:${one}`),
      ...sources.slice(0, maxSources).map((one) => `source:${one}`),
    ]),
  ]
    .map((one) => one.slice(0, maxName))
    .toSorted()
}

/** Colour and meaning of the labels that are made before they are first used; GitHub makes the others as they come. */
export const labelStyles: readonly (readonly [name: string, colour: string, meaning: string])[] = [
  [incidentLabel, '1d76db', 'An incident that gitsoc keeps here'],
  ['severity:critical', 'b60205', 'Set another severity label to change it'],
  ['severity:high', 'd93f0b', 'Set another severity label to change it'],
  ['severity:medium', 'fbca04', 'Set another severity label to change it'],
  ['severity:low', '0e8a16', 'Set another severity label to change it'],
  ['status:new', 'ededed', 'Nobody has taken it'],
  ['status:acknowledged', 'c5def5', 'Somebody is on it'],
  ['status:contained', 'bfd4f2', 'It cannot spread any more'],
  ['status:resolved', 'bfdadc', 'Done but for the verdict'],
  ['status:closed', 'cccccc', 'Done, with a verdict'],
  ['status:merged', 'cccccc', 'Goes on in another issue'],
]
