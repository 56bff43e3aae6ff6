import type { Tx } from '../store/index.ts'
import type { Approval } from './read-approvals.ts'

/**
 * Why somebody is too near to a playbook to approve what it asks for, or null: who owns it, by name or as a member of the owning team,
 * and who wrote the file, where Git knows that of the commit. Names are compared without regard to case.
 */
export async function selfApproval(
  tx: Tx,
  approval: Approval,
  by: { readonly actor: string; readonly names?: readonly string[]; readonly roles: readonly string[] },
): Promise<string | null> {
  const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase()
  const called = [by.actor, ...(by.names ?? [])]
  const owners = approval.author.split(', ').filter((one) => one !== '')
  if (owners.some((owner) => [...called, ...by.roles].some((one) => same(one, owner))))
    return 'whoever owns the playbook cannot approve its actions'
  const found = await tx.query<{ authors: unknown }>(
    `select b.authors -> r.playbook as authors from run r join bundle b on b.tenant = r.tenant and b.digest = r.bundle
      where r.tenant = $1 and r.id = $2`,
    [tx.tenant, approval.run],
  )
  const authors = found.rows[0]?.authors
  const names = Array.isArray(authors) ? authors.filter((one) => typeof one === 'string') : []
  const wrote = (name: string) => called.some((one) => same(one, name) || same(one, loginOf(name)))
  return names.some(wrote) ? 'whoever wrote the playbook cannot approve its actions' : null
}

/** The login in an address that GitHub gives its users, `1234567+login@users.noreply.github.com`; other text as it is. */
function loginOf(name: string): string {
  return /^(?:\d+\+)?([^@+]+)@users\.noreply\.github\.com$/i.exec(name.trim())?.[1] ?? name
}
