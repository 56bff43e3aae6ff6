import type { SlackClient } from './client.ts'

const keptMs = 600_000
const maxPages = 20

/** From `#name` to the id of the channel; an id is itself. Null when the app sees none of that name. */
export type FindChannel = (nameOrId: string) => Promise<string | null>

/** Looks names up in conversations.list and remembers them for ten minutes. Throws what the client throws. */
export function createFindChannel(client: SlackClient, clock: () => number): FindChannel {
  const known = new Map<string, { readonly id: string; readonly at: number }>()
  return async (nameOrId) => {
    if (!nameOrId.startsWith('#')) return nameOrId
    const name = nameOrId.slice(1)
    const found = known.get(name)
    if (found !== undefined && clock() - found.at < keptMs) return found.id
    let cursor: string | undefined
    for (let page = 0; page < maxPages; page++) {
      const list = await client.conversations.list({
        types: 'public_channel,private_channel',
        exclude_archived: true,
        limit: 1000,
        ...(cursor === undefined ? {} : { cursor }),
      })
      for (const one of list.channels ?? [])
        if (one.name !== undefined && one.id !== undefined) known.set(one.name, { id: one.id, at: clock() })
      cursor = list.response_metadata?.next_cursor
      if (cursor === undefined || cursor === '') break
    }
    return known.get(name)?.id ?? null
  }
}
