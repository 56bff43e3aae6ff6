import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { isObject, type JsonObject } from '../core/model/index.ts'
import { Failure } from './failure.ts'

/** Parts of the server: named without anything in it, one would silently not run. */
const serverParts = ['github', 'slack', 'pagerduty', 'escalation', 'audit', 'closing', 'hooks']

/** The configuration of each integration from a YAML file; nothing is configured without one. */
export async function readConfig(file: string | undefined): Promise<(integration: string) => JsonObject> {
  const configuration = file === undefined ? {} : await read(file)
  for (const name of serverParts) {
    const own = Object.hasOwn(configuration, name) ? configuration[name] : undefined
    if (own !== undefined && !(isObject(own) && Object.keys(own).length > 0))
      throw new Failure(`"${name}" in ${file} says nothing`, { hint: 'fill it in, or leave it out', exitCode: 2 })
  }
  return (integration) => {
    const own = Object.hasOwn(configuration, integration) ? configuration[integration] : undefined
    return isObject(own) ? own : {}
  }
}

async function read(file: string): Promise<JsonObject> {
  try {
    const value = parse(await readFile(file, 'utf8'), { maxAliasCount: 0 }) as unknown
    if (isObject(value)) return value
    throw new Error('is no mapping')
  } catch (error) {
    throw new Failure(`${file} cannot be used: ${(error as Error).message}`, { exitCode: 2 })
  }
}
