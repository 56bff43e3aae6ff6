/** Something that happened to an issue. */
export interface RemoteEvent {
  readonly id: number
  readonly event: string
  readonly actor: string | null
  readonly isBot: boolean
  readonly at: number
  readonly label: string | null
  readonly assignee: string | null
  /** Title of the milestone. */
  readonly milestone: string | null
}

/** Reads an entry of the list of an issue's events; null when it is none. */
export function remoteEvent(value: unknown): RemoteEvent | null {
  const { id, event, actor, created_at, label, assignee, milestone } = value as Record<
    string,
    Record<string, unknown> | undefined
  >
  const at = Date.parse(String(created_at))
  if (typeof id !== 'number' || typeof event !== 'string' || !Number.isFinite(at)) return null
  const login = typeof actor?.login === 'string' ? actor.login : null
  return {
    id,
    event,
    actor: login,
    isBot: actor?.type === 'Bot' || /\[bot\]$/i.test(login ?? ''),
    at,
    label: typeof label?.name === 'string' ? label.name : null,
    assignee: typeof assignee?.login === 'string' ? assignee.login : null,
    milestone: typeof milestone?.title === 'string' ? milestone.title : null,
  }
}
