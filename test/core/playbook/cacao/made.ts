import { parseDocument } from '../../../../src/core/content/index.ts'
import type { Document, JsonObject, Problem } from '../../../../src/core/model/index.ts'
import { compilePlaybook, importCacao, type Playbook, play, type Script } from '../../../../src/core/playbook/index.ts'
import { actions, factsOf } from '../made.ts'

/** A UUID of the form that CACAO wants, from a small number. */
export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
export const agent = `organization--${uuid(900)}`
export const start = `start--${uuid(1)}`
export const end = `end--${uuid(2)}`

/** A CACAO playbook of these steps; the start leads to `first`. */
export function cacao(workflow: JsonObject, first: string, parts: JsonObject = {}): JsonObject {
  return {
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: `playbook--${uuid(3)}`,
    name: 'Made for a test',
    created_by: `identity--${uuid(4)}`,
    created: '2026-01-02T03:04:05.000Z',
    modified: '2026-01-02T03:04:05.000Z',
    workflow_start: start,
    workflow: { [start]: { type: 'start', on_completion: first }, ...workflow, [end]: { type: 'end' } },
    agent_definitions: { [agent]: { type: 'organization', name: 'the team' } },
    ...parts,
  }
}

/** A manual action and what comes after it. */
export const manual = (command: string, next: string, parts: JsonObject = {}): JsonObject => ({
  type: 'action',
  agent,
  commands: [{ type: 'manual', command }],
  on_completion: next,
  ...parts,
})

export function documentOf(value: JsonObject): Document {
  const parsed = parseDocument('shared.json', JSON.stringify(value, null, 2))
  if (!parsed.ok) throw new Error(parsed.problems.map((one) => one.message).join('; '))
  return parsed.value
}

export function imported(value: JsonObject): JsonObject {
  const result = importCacao(documentOf(value), { owner: 'team' })
  if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
  return result.value.playbook
}

export function errorsOf(value: JsonObject): readonly Problem[] {
  const result = importCacao(documentOf(value), { owner: 'team' })
  return result.ok ? [] : result.problems.filter((one) => one.severity === 'error')
}

export function compiled(playbook: JsonObject): Playbook {
  const parsed = parseDocument(`playbooks/${String(playbook.id)}.yaml`, JSON.stringify(playbook))
  const result = parsed.ok ? compilePlaybook(parsed.value, actions) : parsed
  if (!result.ok) throw new Error(result.problems.map((one) => `${one.message} ${one.hint ?? ''}`).join('; '))
  return result.value
}

/** Plays an imported playbook; inputs without a value have their defaults. */
export async function played(
  value: JsonObject,
  script: { inputs?: JsonObject; answers?: Script['answers']; results?: Script['results'] } = {},
  others: readonly JsonObject[] = [],
) {
  const playbook = compiled(imported(value))
  const properties = playbook.inputs.properties as Readonly<Record<string, JsonObject>>
  const defaults = Object.fromEntries(
    Object.entries(properties).flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]])),
  )
  return play(
    playbook,
    {
      facts: factsOf(),
      inputs: { ...defaults, ...script.inputs },
      results: script.results ?? new Map(),
      answers: script.answers ?? new Map(),
      signals: new Map(),
      destructiveInLastHour: 0,
      stopped: false,
      criticality: new Map(),
      at: 0,
    },
    {
      actions,
      playbooks: new Map(others.map((one) => compiled(imported(one))).map((one) => [one.id, one])),
      policies: [],
    },
  )
}
