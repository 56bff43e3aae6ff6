import { type Bundle, compileBundle, type SourceFile } from '../core/content/index.ts'
import type { Store } from '../store/index.ts'

/**
 * The bundles that runs of this store started with: the current one, and older ones compiled again from what was stored
 * when they were deployed. Undefined for one that was never stored here, no longer compiles, or is not what its digest says.
 */
export function storedBundles(store: Store, current: () => Bundle): (digest: string) => Promise<Bundle | undefined> {
  const known = new Map<string, Bundle | undefined>()
  return async (digest) => {
    const now = current()
    // Kept: its runs go on with it when another is current.
    if (!known.has(now.digest)) known.set(now.digest, now)
    if (known.has(digest)) return known.get(digest)
    const found = await store.transaction((tx) =>
      tx.query<{ commit: string; files: readonly SourceFile[] }>(
        'select commit, files from bundle where tenant = $1 and digest = $2',
        [tx.tenant, digest],
      ),
    )
    const row = found.rows[0]
    if (row === undefined) return undefined
    const { bundle } = compileBundle(row.files, row.commit)
    known.set(digest, bundle?.digest === digest ? bundle : undefined)
    return known.get(digest)
  }
}
