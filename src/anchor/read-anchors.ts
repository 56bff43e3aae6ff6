import { type FileVersion, fileHistory, headOf } from '../repo/index.ts'
import { type Anchor, anchorPath, readAnchor } from './anchor-text.ts'

/** A commit of the branch and the anchor that it holds; null where the file holds none. */
export interface FoundAnchor {
  readonly version: FileVersion
  readonly anchor: Anchor | null
}

/** A tenant's anchors on a branch, oldest first; none where there is no such branch. */
export async function readAnchors(
  place: { readonly repository: string; readonly branch: string; readonly allowedSigners?: string },
  tenant: string,
): Promise<readonly FoundAnchor[]> {
  const { repository, branch, allowedSigners } = place
  if ((await headOf(repository, branch)) === null) return []
  const versions = await fileHistory(repository, branch, anchorPath(tenant), allowedSigners)
  return versions.map((version) => ({ version, anchor: readAnchor(version.text) }))
}
