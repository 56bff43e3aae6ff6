import type { JsonObject } from '../core/model/index.ts'
import { approvalDigest } from '../core/policy/index.ts'
import type { Tx } from '../store/index.ts'
import type { Approval } from './read-approvals.ts'

/** Exactly what an approval is bound to: the members that its digest is made of. */
export interface Bound {
  readonly bundle: string
  readonly commit: string
  readonly run: string
  readonly step: string
  readonly action: string
  readonly target: string
  readonly inputs: JsonObject
  /** Whether the digest of these is the digest that was asked about. */
  readonly matches: boolean
}

/** What an approval of an effect is bound to; null for questions, which are bound to their own text. */
export async function boundTo(tx: Tx, approval: Approval): Promise<Bound | null> {
  if (approval.kind !== 'effect' && approval.kind !== 'break-glass') return null
  const found = await tx.query<{ bundle: string; commit: string }>(
    'select bundle, commit from run where tenant = $1 and id = $2',
    [tx.tenant, approval.run],
  )
  const [row] = found.rows
  if (row === undefined) return null
  const { run, path: step, action, target, inputs } = approval
  const subject = { ...row, run, step, action, target, inputs }
  return { ...subject, matches: approvalDigest(subject) === approval.digest }
}
