import { readFile } from 'node:fs/promises'
import { parseDocument } from '../core/content/index.ts'
import {
  type Document,
  didYouMean,
  formatPlace,
  isObject,
  type JsonObject,
  own,
  type Place,
} from '../core/model/index.ts'
import { Failure } from './failure.ts'

/** The file of `--config`, read. */
export interface Config {
  /** The mapping of that name; empty where there is none. */
  readonly of: (name: string) => JsonObject
  /** The file with its places; null where none was named. */
  readonly document: Document | null
}

/** Parts of the server by name, with their members; null = they follow from the content that is served. */
export const serverParts: Readonly<Record<string, readonly string[] | null>> = {
  github: null,
  slack: null,
  pagerduty: null,
  hooks: null,
  tenants: null,
  escalation: ['email'],
  audit: ['repository', 'branch', 'every', 'key', 'push'],
  closing: ['repository', 'base', 'push', 'github'],
}

/**
 * Reads the configuration from a YAML file; nothing is configured without one. Throws a {@link Failure} of one line with its place on
 * what cannot be read, on a mapping that says nothing, and on a member that a part of the server does not have.
 */
export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined) return { of: () => ({}), document: null }
  return configOf(await read(file))
}

/** The mappings of a document by name; throws as {@link readConfig} does. */
export function configOf(document: Document): Config {
  for (const [name, value] of Object.entries(document.value)) {
    if (!isObject(value) && value !== null)
      throw refused(document.place([name]), `"${name}" is no mapping`, 'write what belongs to it below it, indented')
    // Without anything in it, a part of the server would silently not run.
    if (value === null || Object.keys(value).length === 0)
      throw refused(document.place([name], 'key'), `"${name}" says nothing`, 'fill it in, or leave it out')
    const members = Object.hasOwn(serverParts, name) ? serverParts[name] : null
    const strange = Object.keys(value).find((one) => members?.includes(one) === false)
    if (strange !== undefined) throw unknownMember(document, name, strange, members ?? [])
  }
  return {
    of: (name) => {
      const value = own(document.value, name)
      return isObject(value) ? value : {}
    },
    document,
  }
}

/** A member that a mapping of the configuration does not have. */
export function unknownMember(document: Document, name: string, member: string, known: readonly string[]): Failure {
  const near = didYouMean(member, known)
  const has = `"${name}" has ${known.join(', ')}`
  return refused(
    document.place([name, member], 'key'),
    `"${name}" has no member "${member}"`,
    near === undefined ? has : `${near} ${has}`,
  )
}

/** What is wrong with the configuration, where, and what to write instead; ends with 2. */
export const refused = (place: Place, message: string, hint?: string) =>
  new Failure(`${formatPlace(place)}: ${message}`, { ...(hint === undefined ? {} : { hint }), exitCode: 2 })

async function read(file: string): Promise<Document> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Failure(`${file} cannot be read: ${error.message}`, { hint: 'name the file of --config', exitCode: 2 })
  })
  const parsed = parseDocument(file, text)
  if (parsed.ok) return parsed.value
  const [first] = parsed.problems
  throw refused(
    first?.place ?? { file, line: 1, column: 1 },
    first?.message ?? 'it cannot be read',
    first?.hint ?? 'the file is one YAML mapping',
  )
}
