import { addIndicator, appendTimeline, utc } from '../cases/index.ts'
import type { Command } from '../core/command/index.ts'
import type { Store } from '../store/index.ts'
import type { Ask } from './ask.ts'
import { done, type Reply, refusedBy } from './reply.ts'

const dayMs = 86_400_000

/** `/indicator`: a value goes on the team's list; what comes from then on is scored with it. */
export async function nameIndicator(
  store: Store,
  { value, type, days, reason }: Extract<Command, { readonly verb: 'indicator' }>,
  { speaker, incident, at }: Ask,
): Promise<Reply> {
  const validUntil = days === null ? null : at + days * dayMs
  const { actor } = speaker
  const added = await store.transaction(async (tx) => {
    const given = await addIndicator(tx, { value, type, reason, actor, incident, addedAt: at, validUntil })
    if (!given.ok) return given
    const sentence = `named the ${given.value.type} ${given.value.value} as malicious: ${given.value.reason}`
    await appendTimeline(tx, [{ incident, at, kind: 'person', actor, sentence }])
    return given
  })
  if (!added.ok) return refusedBy(added.problems)
  const end = validUntil === null ? 'until somebody removes it' : `until ${utc(validUntil)} UTC`
  return done(
    `${added.value.type} ${added.value.value} is an indicator ${end}; alerts that come from now on count it`,
    'gitsoc indicators list shows all of them, gitsoc indicators remove takes one off',
  )
}
