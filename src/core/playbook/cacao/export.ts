import { canonicalJson, isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { blockOf, type Writing } from './export-step.ts'
import { extensionId, listAt, objectAt, uuidOf } from './form.ts'
import { importCacao } from './import.ts'

/**
 * One of our playbooks, as it stands in its file, as a CACAO 2.0 document. What CACAO has no member for stands in our
 * step extension, so that an import gives the same playbook back. A playbook that was imported and not changed since gives
 * the document it was made of; one that was changed keeps that document's identity and metadata. `at` is the time of
 * this version, ISO 8601 UTC.
 */
export function exportCacao(playbook: JsonObject, options: { readonly at: string }): JsonObject {
  const kept = own(objectAt(playbook, 'cacao'), 'document')
  const { cacao: _cacao, ...ours } = playbook
  if (!isObject(kept)) return written(ours, options.at)
  const again = importCacao(
    { file: '', text: '', value: kept, place: () => ({ file: '', line: 1, column: 1 }) },
    { owner: String(playbook.owner) },
  )
  if (again.ok && canonicalJson(withoutCacao(again.value.playbook)) === canonicalJson(ours)) return kept
  const fresh = written(ours, options.at)
  const metadata = Object.fromEntries(Object.entries(kept).filter(([key]) => isMetadata(key)))
  const merged = (key: string) => ({ ...objectAt(kept, key), ...objectAt(fresh, key) })
  return {
    ...fresh,
    ...metadata,
    modified: options.at,
    name: String(ours.title),
    extension_definitions: merged('extension_definitions'),
    playbook_extensions: merged('playbook_extensions'),
  }
}

function withoutCacao(playbook: JsonObject): JsonObject {
  const { cacao: _cacao, ...rest } = playbook
  return rest
}

// A signature is over the old content; definitions and variables belong to the steps that are written anew.
const isMetadata = (key: string) =>
  !/^workflow|_definitions$|^playbook_(variables|extensions|processing_summary)$|^signatures$|^modified$|^name$/.test(
    key,
  )

const identityOf = (name: string) => uuidOf('gitsoc', 'identity', name)

/** The id that a playbook of ours has as a CACAO document. */
export function documentId(id: string): string {
  const uuid = /^cacao-([0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/.exec(id)?.[1]
  return `playbook--${uuid ?? uuidOf('gitsoc', 'playbook', id)}`
}

function written(playbook: JsonObject, at: string): JsonObject {
  const id = String(playbook.id)
  const owner = String(playbook.owner)
  const agent = `organization--${identityOf(owner)}`
  const { steps, compensation, onFailure, finally: last, ...head } = playbook
  const writing: Writing = {
    id,
    agent,
    workflow: new Map(),
    named: new Map(),
    blocks: new Map(),
    playbookId: documentId,
  }
  const blocks = Object.entries(isObject(compensation) ? compensation : {})
  for (const [name, block] of blocks)
    writing.blocks.set(name, blockOf({ ...writing, blocks: new Map() }, asSteps(block), `compensation/${name}`, null))
  const failure = asSteps(onFailure).length > 0 ? blockOf(writing, asSteps(onFailure), 'onFailure', null) : null
  const final = asSteps(last).length > 0 ? blockOf(writing, asSteps(last), 'finally', null) : null
  const first = blockOf(writing, asSteps(steps), 'steps', final)
  const start = `start--${uuidOf('gitsoc', id, 'start')}`
  const workflow = [[start, { type: 'start', on_completion: first }] as const, ...writing.workflow]
  return {
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: documentId(id),
    name: String(playbook.title),
    description: String(playbook.why),
    created_by: `identity--${identityOf(owner)}`,
    created: at,
    modified: at,
    ...(listAt(playbook, 'tags').length > 0 ? { labels: listAt(playbook, 'tags') } : {}),
    ...(listAt(playbook, 'references').length > 0
      ? { external_references: listAt(playbook, 'references').map((url) => ({ name: String(url), url })) }
      : {}),
    ...(writing.named.size > 0
      ? {
          playbook_variables: Object.fromEntries(
            [...writing.named].map(([name, description]) => [
              `__${name}__`,
              { type: 'string', description, constant: false, external: true },
            ]),
          ),
        }
      : {}),
    workflow_start: start,
    ...(failure === null ? {} : { workflow_exception: failure }),
    workflow: Object.fromEntries(workflow),
    agent_definitions: { [agent]: { type: 'organization', name: owner } },
    extension_definitions: {
      [extensionId]: {
        type: 'extension-definition',
        name: 'gitsoc',
        description:
          'What the step is in the playbook language of gitsoc: the action of an integration with its inputs, retry, approval, expiry (the action is then rolled back) and what a failure leads to.',
        created_by: `identity--${identityOf('gitsoc')}`,
        schema: 'playbooks/playbook.schema.json#/$defs/step',
        version: '1',
      },
    },
    playbook_extensions: {
      [extensionId]: {
        playbook: head,
        ...(blocks.length > 0 ? { compensation: Object.fromEntries(writing.blocks) } : {}),
        ...(final === null ? {} : { finally: final }),
      },
    },
  }
}

const asSteps = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
