import type { Bundle } from '../core/content/index.ts'
import { withCalled } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

/**
 * Keeps the files of a bundle, so that runs that start with it can go on when another is current. `authors`: who wrote its
 * playbooks, by id, where Git knows.
 */
export async function keepBundle(
  tx: Tx,
  bundle: Bundle,
  { at, authors }: { readonly at: number; readonly authors: Readonly<Record<string, readonly string[]>> },
): Promise<void> {
  const ofRuns = JSON.stringify(authorsOfRuns(bundle, authors))
  await tx.query(
    `insert into bundle (tenant, digest, commit, deployed_at, files, authors) values ($1, $2, $3, $4, $5, $6)
      on conflict (tenant, digest) do update set authors = excluded.authors where excluded.authors <> '{}'`,
    [tx.tenant, bundle.digest, bundle.commit, at, JSON.stringify(bundle.files), ofRuns],
  )
}

/** Who wrote what a run of each playbook goes through: it and what it calls. Where one of these is not known, none is named. */
function authorsOfRuns(
  { playbooks }: Bundle,
  authors: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  const known = [...playbooks.values()].flatMap((one) => {
    const parts = withCalled(playbooks, one).map(({ id }) => (Object.hasOwn(authors, id) ? authors[id] : undefined))
    return parts.includes(undefined) ? [] : [[one.id, [...new Set(parts.flatMap((names) => names ?? []))]] as const]
  })
  return Object.fromEntries(known)
}
