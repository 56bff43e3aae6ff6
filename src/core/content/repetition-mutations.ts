import type { Json, JsonObject } from '../model/index.ts'
import type { Add } from './mutations.ts'
import { scaledDuration } from './scaled-duration.ts'

/** How often a playbook starts: once for an incident or each time, after which pause, and whether its time sets it off. */
export function ofRepetition(trigger: JsonObject, add: Add): void {
  if (!['on', 'every', 'webhook'].some((key) => trigger[key] !== undefined)) return
  const set = (name: string, safety: boolean, key: string, value: Json | undefined) =>
    add(name, safety, ['trigger', key], value)
  const { once, cooldown, every } = trigger
  const isRepeated = once === 'change'
  if (isRepeated) set('start once for an incident only', true, 'once', undefined)
  else set('start again and again for one incident', true, 'once', 'change')
  const longer = scaledDuration(cooldown, 10)
  if (longer !== null && isRepeated) {
    set('start again without a pause', true, 'cooldown', undefined)
    set('wait ten times as long before it starts again', false, 'cooldown', longer)
  } else if (isRepeated) set('wait a day before it starts again', false, 'cooldown', '1d')
  const rarer = scaledDuration(every, 10)
  if (rarer !== null) {
    set('look at open incidents no more', true, 'every', undefined)
    // Once for an incident it is, however often it is looked at.
    if (isRepeated) set('look at open incidents a tenth as often', false, 'every', rarer)
  } else if (trigger.on !== undefined) set('look at open incidents every hour too', true, 'every', '1h')
}
