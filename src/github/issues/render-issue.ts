import { code, headline, prose, utc } from '../../cases/index.ts'
import { explanationOf, type Incident, sha256, type TenantId } from '../../core/model/index.ts'
import { approvalSection } from './approval-section.ts'
import { fitSections, type Section } from './fit-sections.ts'
import { labelsOf } from './issue-labels.ts'
import {
  alertSection,
  entitySection,
  measuresLine,
  responseSection,
  scoreSection,
  taskSection,
  timelineSection,
} from './issue-sections.ts'
import type { IssueView } from './issue-view.ts'
import type { Links } from './links.ts'
import { issueMarker } from './markers.ts'
import { mergedStatus, statusComment } from './status-comment.ts'

/** How an issue is to look. */
export interface IssueWish {
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly state: 'open' | 'closed'
  readonly assignee: string | null
  readonly milestone: string | null
  /** The sticky comment. */
  readonly status: string
}

/** The issue of an incident; a pure function of what is shown. */
export function renderIssue(tenant: TenantId, view: IssueView, links: Links | null = null): IssueWish {
  return view.kind === 'merged' ? renderMerged(tenant, view) : renderIncident(tenant, view, links)
}

/** What tells two wishes apart. */
export const digestOf = (wish: IssueWish): string => sha256(JSON.stringify(wish))

const isOver = ({ status }: Incident) => status === 'resolved' || status === 'closed'

const titleOf = ({ number, title, assessment }: Incident) =>
  `${assessment === null ? '' : `[${assessment.severity}] `}INC-${number}: ${headline(title, 200)}`

function renderIncident(
  tenant: TenantId,
  view: Extract<IssueView, { kind: 'incident' }>,
  links: Links | null,
): IssueWish {
  const { file, waiting, assignee } = view
  const { incident } = file
  const body = fitSections([
    headSection(tenant, view),
    approvalSection(waiting),
    entitySection(file),
    responseSection(file),
    taskSection(file),
    timelineSection(file),
    scoreSection(file, links),
    alertSection(file),
    footSection(incident, links),
  ])
  return {
    title: titleOf(incident),
    body,
    labels: labelsOf(incident),
    state: isOver(incident) ? 'closed' : 'open',
    assignee,
    milestone: incident.milestone,
    status: statusComment(tenant, view),
  }
}

function headSection(tenant: TenantId, { file }: Extract<IssueView, { kind: 'incident' }>): Section {
  const { incident } = file
  const { assessment, status, owner, milestone, verdict } = incident
  return fixed([
    issueMarker(tenant, incident.number),
    `**${assessment === null ? 'Not scored' : `${assessment.severity}, ${assessment.score} of 100`}**, ${status}${verdict === null ? '' : `, ${verdict}`}, ${owner === null ? 'nobody owns it' : `owned by ${prose(owner, 80)}`}${milestone === null ? '' : `, in the milestone ${code(milestone)}`}. First event ${utc(incident.firstAt)}, last ${utc(incident.lastAt)} (UTC). ${measuresLine(file)}.`,
    ...(assessment === null ? [] : ['', prose(explanationOf(assessment), 3000)]),
    ...(assessment === null || isOver(incident) ? [] : ['', `**Do next:** ${prose(assessment.recommendation, 1000)}`]),
    ...(incident.techniques.length === 0
      ? []
      : [
          '',
          `Techniques: ${incident.techniques
            .slice(0, 40)
            .map((one) => code(one, 20))
            .join(' ')}`,
        ]),
  ])
}

function footSection({ number }: Incident, links: Links | null): Section {
  return fixed([
    '---',
    ...(links === null
      ? []
      : [`Decided by [the content of ${links.commit.slice(0, 12)}](${links.repo}/tree/${links.commit}).`]),
    `Commands in comments: \`/help\` lists them. On the command line: \`gitsoc incidents show ${number}\`, \`gitsoc explain incident ${number}\`. gitsoc keeps this text, the labels \`severity:\`, \`status:\`, \`tactic:\` and \`source:\`, and whether it is open; owner and milestone are the incident's too. What is changed here changes the incident, if whoever does it may.`,
  ])
}

function renderMerged(tenant: TenantId, view: Extract<IssueView, { kind: 'merged' }>): IssueWish {
  const { incident, into, intoIssue } = view
  const where = intoIssue === null ? `INC-${into}` : `INC-${into}, #${intoIssue}`
  return {
    title: titleOf(incident),
    body: fitSections([
      fixed([
        issueMarker(tenant, incident.number),
        `**Merged into ${where}**: it goes on there, with the alerts, runs, approvals and tasks of this one.`,
        ...(incident.assessment === null ? [] : ['', prose(explanationOf(incident.assessment), 3000)]),
      ]),
    ]),
    labels: labelsOf(incident),
    state: 'closed',
    assignee: null,
    milestone: incident.milestone,
    status: mergedStatus(tenant, incident.number, where),
  }
}

const fixed = (head: readonly string[]): Section => ({ head, rows: [], tail: [], keep: 10, cut: () => '' })
