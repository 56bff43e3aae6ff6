import {
  canonicalJson,
  type Document,
  isObject,
  type Json,
  type JsonObject,
  own,
  type Problem,
  type Result,
} from '../../model/index.ts'
import { checkDocument } from './check.ts'
import { exportCacao } from './export.ts'
import { extensionOf, listAt, objectAt, partsOfId, type Report, reportOn, textAt } from './form.ts'
import { chain, type Making, maxMade } from './import-step.ts'
import { literal, readVariables, type Variable } from './variables.ts'

/** A playbook of ours that was made of a CACAO document, as it stands in its file, and what is worth knowing about it. */
export interface Imported {
  readonly playbook: JsonObject
  readonly warnings: readonly Problem[]
}

const maxInputs = 20

/**
 * Makes one of our playbooks of a CACAO 2.0 playbook. Steps, conditions, variables, delays and failure handlers become
 * ours; commands become work for people, because text of a foreign document is never executed; what our step extension
 * says becomes an action, which the gate asks about as about any other. The document is kept under `cacao`, so that an
 * export gives it back. What cannot be expressed is a problem with its place, and so is every fault of the document.
 */
export function importCacao(document: Document, options: { readonly owner: string }): Result<Imported> {
  const root = document.value
  const report = reportOn(document)
  checkDocument(root, report)
  if (hasErrors(report)) return { ok: false, problems: report.problems }
  const ours = extensionOf(root, 'playbook_extensions')
  const playbook = isObject(own(ours, 'playbook')) ? restored(root, ours, report) : made(root, options.owner, report)
  if (hasErrors(report)) return { ok: false, problems: report.problems }
  const isOurs = own(ours, 'playbook') !== undefined && givesBack(playbook, root)
  const kept = isOurs ? playbook : { ...playbook, cacao: { document: root } }
  return { ok: true, value: { playbook: kept, warnings: report.problems } }
}

const hasErrors = (report: Report) => report.problems.some((one) => one.severity === 'error')

/** Whether the document says nothing beyond the playbook. */
function givesBack(playbook: JsonObject, root: JsonObject): boolean {
  const exported = exportCacao(playbook, { at: String(textAt(root, 'created')) })
  return canonicalJson(exported) === canonicalJson(root)
}

/** A playbook that our export wrote. */
function restored(root: JsonObject, ours: JsonObject, report: Report): JsonObject {
  const blocks = Object.entries(objectAt(ours, 'compensation')).flatMap(([name, id]) =>
    typeof id === 'string' && Object.hasOwn(objectAt(root, 'workflow'), id) ? [[id, name] as const] : [],
  )
  const last = textAt(ours, 'finally')
  const making = makingOf(root, report, new Map(), new Map(blocks), last)
  const steps = chain(making, String(textAt(root, 'workflow_start')))
  for (const [id] of blocks) if (!making.blocks.has(id)) making.blocks.set(id, chain({ ...making, inBlock: true }, id))
  const onFailure = failureSteps(root, making)
  const final = last !== null && Object.hasOwn(making.workflow, last) ? chain({ ...making, until: null }, last) : []
  const parts = {
    ...objectAt(ours, 'playbook'),
    steps,
    ...(blocks.length > 0
      ? { compensation: Object.fromEntries(blocks.map(([id, name]) => [name, making.blocks.get(id) ?? []])) }
      : {}),
    ...(onFailure.length > 0 ? { onFailure } : {}),
    ...(final.length > 0 ? { finally: final } : {}),
  }
  return parts
}

function made(root: JsonObject, owner: string, report: Report): JsonObject {
  const taken = new Set<string>()
  const global = readVariables(objectAt(root, 'playbook_variables'), taken)
  const local = new Map(
    Object.entries(objectAt(root, 'workflow')).map(([id, step]) => [
      id,
      new Map([...global, ...readVariables(objectAt(step as JsonObject, 'step_variables'), taken)]),
    ]),
  )
  const making = makingOf(root, report, local, new Map(), null)
  const variables = [...new Set([...global.values(), ...[...local.values()].flatMap((one) => [...one.values()])])]
  const given = variables.filter((one) => !one.isConstant)
  if (given.length > maxInputs)
    report.error(
      'variable',
      `it has ${given.length} variables that are not constant, at most ${maxInputs} can be kept`,
      ['playbook_variables'],
    )
  const set = Object.fromEntries(
    variables.map((one) => [
      one.name,
      !one.isConstant ? `{{ inputs.${one.name} }}` : typeof one.value === 'string' ? literal(one.value) : one.value,
    ]),
  )
  const body = chain(making, String(textAt(root, 'workflow_start')))
  const steps = [...setSteps(set), ...body]
  if (steps.length === 0) report.error('empty', 'there is nothing to be done in it', ['workflow'])
  const onFailure = failureSteps(root, making)
  const outputs = [...global.values()].filter((one) => !one.isConstant)
  return {
    id: `cacao-${partsOfId(own(root, 'id'))?.uuid}`,
    title: String(textAt(root, 'name')).slice(0, 200),
    owner,
    why: (textAt(root, 'description') ?? '').slice(0, 1000) || 'Imported from a CACAO playbook that does not say why.',
    ...urls(root),
    trigger: { manual: true },
    ...(given.length > 0 ? { inputs: Object.fromEntries(given.map((one) => [one.name, inputOf(one)])) } : {}),
    deadline: '7d',
    steps,
    ...(making.blocks.size > 0
      ? {
          compensation: Object.fromEntries(
            [...making.blocks].map(([id, block]) => [making.names.get(id) ?? id, block]),
          ),
        }
      : {}),
    ...(onFailure.length > 0 ? { onFailure } : {}),
    ...(outputs.length > 0
      ? { outputs: Object.fromEntries(outputs.map((one) => [one.name, `{{ vars.${one.name} }}`])) }
      : {}),
  }
}

function makingOf(
  root: JsonObject,
  report: Report,
  variables: Making['variables'],
  names: Map<string, string>,
  until: string | null,
): Making {
  return {
    root,
    workflow: objectAt(root, 'workflow'),
    report,
    variables,
    names,
    blocks: new Map(),
    ids: new Set(),
    count: { made: 0, isFull: false },
    until,
    inBlock: false,
    depth: 0,
  }
}

function failureSteps(root: JsonObject, making: Making): readonly JsonObject[] {
  const exception = textAt(root, 'workflow_exception')
  if (exception === null || !Object.hasOwn(making.workflow, exception)) return []
  return chain({ ...making, inBlock: true, until: null }, exception)
}

/** `set` takes 20 values, so more are given in several steps. */
function setSteps(values: JsonObject): readonly JsonObject[] {
  const entries = Object.entries(values)
  const steps: JsonObject[] = []
  for (let at = 0; at < entries.length && steps.length < maxMade; at += 20)
    steps.push({
      id: steps.length === 0 ? 'variables' : `variables_${steps.length + 1}`,
      set: Object.fromEntries(entries.slice(at, at + 20)),
    })
  return steps
}

function inputOf(variable: Variable): JsonObject {
  return {
    type: variable.type,
    description: variable.description,
    ...(variable.isRequired ? {} : { default: variable.value }),
  }
}

function urls(root: JsonObject): JsonObject {
  const found = listAt(root, 'external_references').flatMap((one: Json) => {
    const url = isObject(one) ? textAt(one, 'url') : null
    return url !== null && /^https?:\/\/[^\s]{1,500}$/.test(url) ? [url] : []
  })
  return found.length === 0 ? {} : { references: [...new Set(found)] }
}
