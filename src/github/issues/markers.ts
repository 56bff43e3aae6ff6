import type { IncidentNumber, TenantId } from '../../core/model/index.ts'

/** First line of an issue's body: what a crash between making it and remembering it finds it again by. */
export const issueMarker = (tenant: TenantId, incident: IncidentNumber): string =>
  `<!-- gitsoc:incident ${tenant}/${incident} -->`

/** First line of the sticky comment. */
export const statusMarker = (tenant: TenantId, incident: IncidentNumber): string =>
  `<!-- gitsoc:status ${tenant}/${incident} -->`

/** First line of an answer. Keys are ours: `comment/<id>`, `event/<digest>`. */
export const answerMarker = (key: string): string => `<!-- gitsoc:answer ${key} -->`

/** Whether a text begins with a marker. Whoever asks has made sure that the text is the app's own: anybody can write one. */
export const isMarkedWith = (text: unknown, marker: string): boolean =>
  typeof text === 'string' && text.trimStart().startsWith(marker)
