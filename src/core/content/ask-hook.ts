import type { Fact, JsonObject } from '../model/index.ts'
import { type HookWish, type Playbook, readHookBody } from '../playbook/index.ts'
import { filledInputs } from './fill-inputs.ts'

/** What a request to a playbook's webhook asks for, its inputs checked and filled in; or why it cannot be understood. */
export function askHook(
  { trigger: { webhook }, inputs }: Playbook,
  body: JsonObject,
): { readonly ok: true; readonly wish: HookWish } | { readonly ok: false; readonly why: string } {
  if (webhook === null) return { ok: false, why: 'the playbook has no webhook' }
  const read = readHookBody(webhook, body)
  if (!read.ok) return read
  const filled = filledInputs(inputs, read.wish.inputs)
  return filled.ok ? { ok: true, wish: { ...read.wish, inputs: filled.inputs } } : filled
}

/** Whether a playbook's trigger and its webhook mean an incident with these inputs, and the facts that decided. */
export async function hookMeans(
  { trigger }: Playbook,
  facts: JsonObject,
  inputs: JsonObject,
): Promise<{ readonly matched: boolean; readonly facts: readonly Fact[] }> {
  const ofIncident = await trigger.when?.decide(facts)
  if (ofIncident?.matched === false) return ofIncident
  const ofRequest = await trigger.webhook?.when?.decide({ ...facts, inputs })
  if (ofRequest?.matched === false) return ofRequest
  return { matched: true, facts: [...(ofIncident?.facts ?? []), ...(ofRequest?.facts ?? [])] }
}
