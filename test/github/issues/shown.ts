import type { IssueView, Waiting } from '../../../src/github/issues/issue-view.ts'
import type { Approval } from '../../../src/respond/index.ts'
import { madeCase } from '../../cases/made-case.ts'

/** An approval that waits; every part can be replaced. */
export function madeApproval(parts: Partial<Omit<Approval, 'id'>> = {}): Approval {
  return {
    id: 'ap-1f0c9a4e' as Approval['id'],
    kind: 'effect',
    run: 'run-1',
    incident: 1,
    path: 'suspend',
    digest: '3f9a1c2b7d10aa55e0c4',
    action: 'okta.suspend_user',
    target: 'user17@example.com',
    inputs: { userId: 'user17@example.com' },
    why: 'destructive on a person: the policy asks',
    author: 'soc-leads',
    roles: ['responder', 'incident-lead'],
    quorum: 1,
    also: [],
    askedAt: Date.parse('2026-05-12T09:21:00Z'),
    expiresAt: Date.parse('2026-05-12T13:21:00Z'),
    options: [],
    chosen: null,
    status: 'pending',
    answers: [],
    ...parts,
  }
}

/** What an issue shows of the incident that reports are tested with, with an approval that waits. */
export function madeView(
  waiting: readonly Waiting[] = [{ approval: madeApproval(), bound: null }],
): Extract<IssueView, { kind: 'incident' }> {
  return { kind: 'incident', file: madeCase(), waiting, assignee: 'lead' }
}
