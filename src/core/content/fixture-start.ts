import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { type Playbook, startsAgain } from '../playbook/index.ts'
import { askHook, hookMeans } from './ask-hook.ts'
import { filledInputs } from './fill-inputs.ts'
import type { Again, PlaybookFixture } from './playbook-fixture.ts'

/** Whether a playbook starts for the incident of a fixture, with other facts put over it. */
export async function startsWith(playbook: Playbook, fixture: PlaybookFixture, over: JsonObject): Promise<boolean> {
  const { trigger } = playbook
  const { change = fixture.change, request = fixture.request, ...others } = over
  const facts = { ...fixture.script.facts, ...others }
  if (isObject(request) && over.change === undefined) {
    const asked = askHook(playbook, request)
    return (
      asked.ok && asked.wish.incident === facts.number && (await hookMeans(playbook, facts, asked.wish.inputs)).matched
    )
  }
  if (change === 'every') {
    if (trigger.everyMs === null) return false
  } else if (change !== null && !(trigger.on as readonly Json[]).includes(change)) return false
  return trigger.when === null || (await trigger.when.decide(facts)).matched
}

/** The same for an incident for which it began so long before. */
export async function startsOnceMore(playbook: Playbook, fixture: PlaybookFixture, again: Again): Promise<boolean> {
  const byItself = (again.over.change ?? fixture.change) === 'every'
  return startsAgain(playbook.trigger, again.afterMs, byItself) && (await startsWith(playbook, fixture, again.over))
}

type Given =
  | { readonly ok: true; readonly inputs: JsonObject; readonly key: string | null }
  | { readonly ok: false; readonly why: string }

/** What the run begins with: what the request gives, or the fixture itself, checked as a live run's inputs are. */
export function givenBy(playbook: Playbook, { request, script }: PlaybookFixture): Given {
  if (request !== null) {
    const asked = askHook(playbook, request)
    return asked.ok ? { ok: true, inputs: asked.wish.inputs, key: asked.wish.key } : asked
  }
  const filled = filledInputs(playbook.inputs, script.inputs)
  return filled.ok ? { ...filled, key: null } : filled
}
