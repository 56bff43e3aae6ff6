import { type CaseFile, readCase, readIncident } from '../../cases/index.ts'
import { analystNamed, type Team } from '../../core/command/index.ts'
import type { Incident, IncidentNumber } from '../../core/model/index.ts'
import { readOutside } from '../../projection/index.ts'
import { type Approval, type Bound, boundTo, readApproval } from '../../respond/index.ts'
import type { Tx } from '../../store/index.ts'
import { recordOf } from './issue-record.ts'

/** An approval that waits, with what it is bound to. */
export interface Waiting {
  readonly approval: Approval
  readonly bound: Bound | null
}

/** Everything that an issue shows of an incident, of one moment. */
export type IssueView =
  | {
      readonly kind: 'incident'
      readonly file: CaseFile
      readonly waiting: readonly Waiting[]
      /** Login of the owner, where the team knows it. */
      readonly assignee: string | null
    }
  | {
      readonly kind: 'merged'
      readonly incident: Incident
      readonly into: IncidentNumber
      /** Number of the issue of the incident that took it in; null while that has none. */
      readonly intoIssue: number | null
    }

/** Reads what is to be shown; null when there is no such incident. */
export async function readIssueView(tx: Tx, number: IncidentNumber, team: Team): Promise<IssueView | null> {
  const incident = await readIncident(tx, number, 0)
  if (incident === null) return null
  if (incident.mergedInto !== null) {
    const into = (await readIncident(tx, number))?.number ?? incident.mergedInto
    const other = await readOutside(tx, 'github', into)
    return { kind: 'merged', incident, into, intoIssue: recordOf(other?.outside ?? null).issue }
  }
  const file = await readCase(tx, number)
  if (file === null) return null
  const waiting: Waiting[] = []
  for (const { id, status } of file.approvals) {
    const approval = status === 'pending' ? await readApproval(tx, id) : null
    if (approval !== null) waiting.push({ approval, bound: await boundTo(tx, approval) })
  }
  const owner = incident.owner === null ? null : analystNamed(team, incident.owner)
  return { kind: 'incident', file, waiting, assignee: owner?.github ?? null }
}
