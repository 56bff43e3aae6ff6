import { incidentFacts } from '../correlate/index.ts'
import type { Incident, JsonObject } from '../model/index.ts'
import type { ClosingPolicy } from '../policy/index.ts'

/** What is known of an incident when it is closed, besides the incident itself. */
export interface ClosingCounts {
  /** Effects that changed something. */
  readonly actions: number
  /** Of these, what holds still. */
  readonly containments: number
  readonly openTasks: number
}

/** What is still to be done after an incident. */
export interface ChecklistItem {
  readonly item: string
  /** Known without asking anybody. */
  readonly done: boolean
}

/** The items of the policy that are about this incident, and what the record itself can tell. */
export async function checklistOf(
  policy: ClosingPolicy,
  incident: Incident,
  counts: ClosingCounts,
): Promise<readonly ChecklistItem[]> {
  const facts: JsonObject = closingFacts(incident, counts)
  const items: ChecklistItem[] = [
    { item: `The incident has a verdict: ${incident.verdict ?? 'none'}`, done: incident.verdict !== null },
    { item: `Its tasks are done: ${counts.openTasks} open`, done: counts.openTasks === 0 },
    ...(counts.actions === 0
      ? []
      : [
          {
            item: `What contained it is taken back: ${counts.containments} of ${counts.actions} changes hold still`,
            done: counts.containments === 0,
          },
        ]),
  ]
  for (const { item, when } of policy.checklist)
    if (when === null || (await when.decide(facts)).matched) items.push({ item, done: false })
  return items
}

function closingFacts(incident: Incident, counts: ClosingCounts): JsonObject {
  const facts = incidentFacts(incident)
  return {
    ...facts,
    verdict: incident.verdict,
    actionCount: counts.actions,
    containmentCount: counts.containments,
    openTaskCount: counts.openTasks,
    longLivedKeyCount: Array.isArray(facts.longLivedKeys) ? facts.longLivedKeys.length : 0,
  }
}
