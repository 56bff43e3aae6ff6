import type { Approval } from '../../src/respond/index.ts'

/** An approval that waits; every part can be replaced. */
export const madeApproval = (parts: Partial<Approval> = {}): Approval => ({
  id: 'ap-1' as Approval['id'],
  kind: 'effect',
  run: 'run-1',
  incident: 1,
  path: 'suspend',
  digest: 'a'.repeat(64),
  action: 'okta.suspend_user',
  target: 'user17@example.com',
  inputs: { userId: 'user17@example.com' },
  why: 'a push was accepted after nine refusals',
  author: 'playbook-author',
  roles: ['responder'],
  quorum: 1,
  also: [],
  askedAt: 1000,
  expiresAt: 14_401_000,
  options: [],
  chosen: null,
  status: 'pending',
  answers: [],
  ...parts,
})
