import { code } from '../../cases/index.ts'
import { formatPlace, type Place } from '../../core/model/index.ts'

/** Where the content that decides can be read: the repository's page and a commit of it. */
export interface Links {
  readonly repo: string
  readonly commit: string
}

/** The place of a rule as a link to its line; without links, as it is. */
export function placeLink(place: Place, links: Links | null): string {
  const text = code(formatPlace(place))
  if (links === null || !/^[\w./-]+$/.test(place.file)) return text
  return `[${text}](${links.repo}/blob/${links.commit}/${place.file}#L${place.line})`
}
