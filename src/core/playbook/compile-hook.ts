import { isObject, type Json, type Problem, problem } from '../model/index.ts'
import { proofFaults } from '../normalize/index.ts'
import { compileValue, type Value } from '../template/index.ts'
import type { PlaybookHook } from './hook.ts'
import type { Playbook } from './language.ts'
import { asObject, fail, noValue, type Path, type Reading, readCondition } from './reading.ts'

const at: Path = ['trigger', 'webhook']

/** Compiles `trigger.webhook`; null where there is none. `reading` knows the playbook's inputs and nothing that steps make. */
export function compileHook(raw: Json | undefined, reading: Reading): PlaybookHook | null {
  if (!isObject(raw)) return null
  const verify = asObject(raw.verify)
  for (const { member, message, hint } of proofFaults(verify))
    reading.problems.push({
      severity: 'error',
      code: 'playbook/proof',
      message,
      place: reading.document.place([...at, 'verify', member], 'key'),
      ...(hint === undefined ? {} : { hint }),
    })
  const value = (name: 'incident' | 'key' | 'inputs', given: Json) => bodyValue(reading, given, [...at, name])
  return {
    path: String(raw.path),
    verify,
    incident: value('incident', raw.incident ?? '{{ body.incident }}'),
    key: raw.key === undefined ? null : value('key', raw.key),
    inputs: checkedInputs(reading, raw.inputs ?? {}, value('inputs', raw.inputs ?? {})),
    when: readCondition({ ...reading, locals: new Set() }, raw.when, [...at, 'when']),
    place: reading.document.place(at, 'key'),
  }
}

function bodyValue(reading: Reading, raw: Json, path: Path): Value {
  const compiled = compileValue(
    raw,
    (inner, part) => reading.document.place([...path, ...inner], part),
    new Set(['body']),
  )
  if (compiled.ok) return compiled.value
  reading.problems.push(...compiled.problems)
  return noValue
}

/** The names are those of the playbook's inputs, and what has no default is given. What a body holds is only known when it comes. */
function checkedInputs(reading: Reading, raw: Json, value: Value): Value {
  const given = Object.keys(asObject(raw))
  for (const name of given)
    if (!reading.inputs.has(name))
      fail(
        reading,
        'unknown-input',
        `the playbook declares no input "${name}"`,
        [...at, 'inputs', name],
        undefined,
        'key',
      )
  for (const [name, declared] of Object.entries(asObject(reading.document.value.inputs)))
    if (asObject(declared).default === undefined && !given.includes(name))
      fail(
        reading,
        'trigger',
        `the webhook gives no input "${name}", which has no default`,
        at,
        `write ${name}: "{{ body.${name} }}"`,
      )
  return value
}

/** Paths that more than one playbook has: a request would be for either. */
export function sharedHooks(playbooks: ReadonlyMap<string, Playbook>): readonly Problem[] {
  const owners = new Map<string, Playbook>()
  const problems: Problem[] = []
  for (const one of playbooks.values()) {
    const { webhook } = one.trigger
    if (webhook === null) continue
    const other = owners.get(webhook.path)
    if (other === undefined) owners.set(webhook.path, one)
    else
      problems.push(
        problem('playbook/shared-webhook', `"${other.id}" has the webhook "${webhook.path}" already`, webhook.place),
      )
  }
  return problems
}
