import { code, prose, utc } from '../../cases/index.ts'
import type { IncidentNumber, TenantId } from '../../core/model/index.ts'
import { digestName } from './approval-section.ts'
import type { IssueView } from './issue-view.ts'
import { statusMarker } from './markers.ts'

const shown = 8

/**
 * The comment that always says how things stand now; it is edited, never written again. What happened last stands in the timeline only:
 * here it would cost a second write each time.
 */
export function statusComment(tenant: TenantId, view: Extract<IssueView, { kind: 'incident' }>): string {
  const { file, waiting } = view
  const { incident, containments, tasks } = file
  const open = tasks.filter((one) => one.state === 'open').length
  const lines = [
    `**${incident.status}**${incident.verdict === null ? '' : ` as ${incident.verdict}`}, ${incident.owner === null ? 'nobody owns it: `/ack` takes it' : `owned by ${prose(incident.owner, 80)}`}`,
    ...waiting
      .slice(0, shown)
      .map(({ approval }) =>
        approval.kind === 'question'
          ? `waits for an answer until ${utc(approval.expiresAt)}: ${prose(approval.target, 200)}`
          : `waits until ${utc(approval.expiresAt)}: ${code(approval.action)} on ${code(approval.target, 120)}: ${approval.options.length === 0 ? `\`/approve ${digestName(approval.digest)}\` or \`/deny ${digestName(approval.digest)}\` and the reason` : 'see above for the answers'}`,
      ),
    ...(waiting.length > shown ? [`${waiting.length - shown} more wait, see above`] : []),
    ...containments
      .slice(0, shown)
      .map(
        (one) =>
          `holds: ${code(one.action)} on ${code(one.target, 120)}${one.until === null ? '' : ` until ${utc(one.until)}`}`,
      ),
    ...(containments.length > shown ? [`${containments.length - shown} more hold, see above`] : []),
    ...(open === 0 ? [] : [`${open} ${open === 1 ? 'task is' : 'tasks are'} open`]),
  ]
  return [statusMarker(tenant, incident.number), ...lines.map((line) => `- ${line}`)].join('\n')
}

/** The same of an incident that was merged. */
export const mergedStatus = (tenant: TenantId, incident: IncidentNumber, where: string): string =>
  `${statusMarker(tenant, incident)}\n- **merged** into ${where}: it goes on there`
