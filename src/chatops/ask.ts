import type { Bundle } from '../core/content/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'
import type { Speaker } from './speaker.ts'

/** What verbs are done with. */
export interface ChatParts {
  readonly store: Store
  /** The content that is live now: its team says who may, its playbooks are run. */
  readonly bundle: () => Bundle
}

/** What every verb is told besides its own words. Time is epoch milliseconds: of the comment or message, as it was received. */
export interface Ask {
  readonly speaker: Speaker
  readonly incident: IncidentNumber
  readonly at: number
}
