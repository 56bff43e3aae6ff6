import type { Bundle } from '../core/content/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import type { Proposal } from '../repo/index.ts'
import type { Store } from '../store/index.ts'
import { readClosed } from './read-closed.ts'
import { regressionProposal } from './regression-proposal.ts'
import { reportProposal } from './report-proposal.ts'
import { tuningProposals } from './tuning-proposals.ts'

/** What is proposed of a closed incident, and what is not, with the reason. */
export interface Proposals {
  readonly proposals: readonly Proposal[]
  readonly left: readonly { readonly what: string; readonly why: string }[]
}

/** Decides what is kept of an incident under the bundle's policy. Null when there is no such incident; nothing is published. */
export async function proposeFor(
  store: Store,
  bundle: Bundle,
  number: IncidentNumber,
  at: number,
): Promise<Proposals | null> {
  const policy = bundle.closing
  if (policy === null)
    return { proposals: [], left: [{ what: 'everything', why: 'rules/closing has no file that says what is kept' }] }
  const closed = await readClosed(store, bundle, number, at - (policy.tuning?.lookBackMs ?? 0))
  if (closed === null) return null
  const { status, verdict } = closed.file.incident
  if (status !== 'closed')
    return { proposals: [], left: [{ what: 'anything', why: `incident ${number} is ${status}, not closed` }] }
  const proposals: Proposal[] = []
  const left: { what: string; why: string }[] = []
  if (policy.report === 'none') left.push({ what: 'the report', why: 'the policy keeps none' })
  else proposals.push(await reportProposal(policy, closed))
  if (verdict === 'true-positive') {
    const regression =
      policy.regression === 'none'
        ? ({ ok: false, why: 'the policy wants none' } as const)
        : await regressionProposal(bundle, store.tenant, closed)
    if (regression.ok) proposals.push(regression.proposal)
    else left.push({ what: 'a regression test', why: regression.why })
  }
  if (verdict === 'false-positive' || verdict === 'benign-positive') {
    const tuned = policy.tuning === null ? null : tuningProposals(policy, policy.tuning, closed, at)
    if (tuned === null) left.push({ what: 'tuning', why: 'the policy wants none' })
    proposals.push(...(tuned?.proposals ?? []))
    left.push(...(tuned?.left ?? []).map(({ rule, why }) => ({ what: `tuning of ${rule}`, why })))
  }
  return { proposals, left }
}
