import { prose, reportOf } from '../cases/index.ts'
import { checklistOf } from '../core/closing/index.ts'
import type { ClosingPolicy } from '../core/policy/index.ts'
import type { Proposal } from '../repo/index.ts'
import type { ClosedIncident } from './read-closed.ts'

/** The incident's folder: report, containment, evidence index, and the checklist of what is left to do. */
export async function reportProposal(policy: ClosingPolicy, { file, evidence }: ClosedIncident): Promise<Proposal> {
  const { incident, effects, containments, tasks } = file
  const items = await checklistOf(policy, incident, {
    actions: effects.filter(({ effect }) => effect === 'reversible' || effect === 'destructive').length,
    containments: containments.length,
    openTasks: tasks.filter(({ state }) => state === 'open').length,
  })
  const list = items.map(({ item, done }) => `- [${done ? 'x' : ' '}] ${prose(item)}`)
  const folder = `incidents/${incident.number}`
  const reports = Object.entries(reportOf(file, evidence)).map(([name, text]) => ({ path: `${folder}/${name}`, text }))
  const checklist = [`# After incident ${incident.number}`, '', ...list, ''].join('\n')
  return {
    key: `incident-${incident.number}-report`,
    title: `Keep the report of incident ${incident.number}`,
    body: [
      `${prose(incident.title)}, closed as ${incident.verdict ?? 'undetermined'}.`,
      '',
      `The folder \`${folder}\` holds the report, what contained it, the index of the evidence and the checklist.`,
      '',
      ...list,
    ].join('\n'),
    files: [...reports, { path: `${folder}/checklist.md`, text: checklist }],
    direct: policy.report === 'commit',
  }
}
