import type { IncidentNumber } from '../core/model/index.ts'
import { type Approval, approvalsNamed, recentlySettled, waitingOf } from '../respond/index.ts'
import type { Tx } from '../store/index.ts'
import { shortId } from './approval-lines.ts'

export type FoundApproval =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly lines: readonly string[] }

/** So long after one question of an incident ended the next one is answered by its id only: the answer may have been meant for the first. */
const settledMs = 60_000

/**
 * The approval that is meant: by the beginning of its id or digest, or the only one of the incident that waits. What is named must be
 * of the incident in which it is said: what was shown elsewhere is answered there.
 */
export async function findApproval(
  tx: Tx,
  incident: IncidentNumber | null,
  named: string | null,
  at: number,
): Promise<FoundApproval> {
  const fail = (...lines: readonly string[]): FoundApproval => ({ ok: false, lines })
  if (named === null) {
    if (incident === null) return fail('which approval is meant? Write its id, as in /approve ap-4kq7')
    const waiting = await waitingOf(tx, incident)
    const [only] = waiting
    if (only === undefined) return fail(`nothing of INC-${incident} waits for an answer`)
    if (waiting.length > 1)
      return fail(`${waiting.length} approvals wait in INC-${incident}: say which`, ...waiting.slice(0, 10).map(lineOf))
    if (await recentlySettled(tx, incident, at - settledMs))
      return fail('another approval of this incident ended a moment ago: say which is meant', lineOf(only))
    return { ok: true, approval: only }
  }
  const found = await approvalsNamed(tx, named)
  const here = incident === null ? found : found.filter((one) => one.incident === incident)
  const waiting = here.filter((one) => one.status === 'pending')
  const [only, ...others] = waiting.length > 0 ? waiting : here
  if (only !== undefined && others.length === 0) return { ok: true, approval: only }
  if (only !== undefined)
    return fail(`several approvals begin with ${named}: write more of the id`, ...here.slice(0, 10).map(lineOf))
  const elsewhere = found[0]
  return elsewhere === undefined
    ? fail(`there is no approval ${named}${incident === null ? '' : ` in INC-${incident}`}`, '/status shows what waits')
    : fail(`${shortId(elsewhere.id)} belongs to INC-${elsewhere.incident}: answer it there`)
}

const lineOf = (one: Approval) =>
  one.kind === 'question' ? `${shortId(one.id)}: ${one.target}` : `${shortId(one.id)}: ${one.action} on ${one.target}`
