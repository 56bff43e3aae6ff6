import { prose } from '../cases/index.ts'
import { type NoTuning, proposeTuning } from '../core/closing/index.ts'
import type { ClosingPolicy } from '../core/policy/index.ts'
import type { Proposal } from '../repo/index.ts'
import type { ClosedIncident } from './read-closed.ts'

const dayMs = 86_400_000

/** One proposal for each detection behind an incident that was noise, and why the others have none. */
export function tuningProposals(
  policy: ClosingPolicy,
  tuning: NonNullable<ClosingPolicy['tuning']>,
  { file, past }: ClosedIncident,
  at: number,
): { readonly proposals: readonly Proposal[]; readonly left: readonly NoTuning[] } {
  const { incident, alerts } = file
  const lookBackDays = Math.round(tuning.lookBackMs / dayMs)
  const { proposed, left } = proposeTuning({
    incident: incident.number,
    verdict: incident.verdict ?? 'undetermined',
    owner: incident.owner ?? policy.owner,
    noise: alerts,
    past,
    atLeast: tuning.atLeast,
    expires: new Date(at + tuning.expiresMs).toISOString().slice(0, 10),
    lookBackDays,
  })
  const proposals = proposed.map(
    ({ id, path, text, removes: { alerts: count, noise, unjudged } }): Proposal => ({
      key: id,
      // Titles and subjects of commits can close issues: nothing of an alert stands in them.
      title: `Suppress the noise of ${id}`,
      body: [
        `This exclusion removes ${count} alerts of ${lookBackDays} days and no confirmed true positive.`,
        `${noise} of them belong to incidents that people called noise, ${unjudged} to incidents that nobody has judged: look at these first.`,
        '',
        `The rule is bound to what the alerts of incident ${incident.number} (${prose(incident.title)}) have in common, and it ends by itself.`,
      ].join('\n'),
      files: [{ path, text }],
      direct: false,
    }),
  )
  return { proposals, left }
}
