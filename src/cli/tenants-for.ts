import { type Document, isObject, type Json, type TenantId, tenantId } from '../core/model/index.ts'
import { type Config, configOf, refused } from './read-config.ts'

/** Another tenant of the same server, as the configuration names it. */
export interface TenantWish {
  readonly name: TenantId
  /** Its own mappings: nothing of the server's tenant holds for it. */
  readonly config: Config
  /** Its own secrets: `GITSOC_SECRET_<TENANT>__<NAME>`, or files `<tenant>--<name>`. */
  readonly secrets: (name: string) => readonly string[] | undefined
  /** Folder with the content that is served until something is deployed for it. */
  readonly content: string | null
  /** Folder with its lists and inventory. */
  readonly enrichDir: string | null
}

/**
 * Reads `tenants: { <name>: { content?, enrich?, github?: { owner, repo, ... }, <integration>: { ... } } }`. Throws a `Failure` with the
 * place on a name that is none, and on what is no mapping.
 */
export function tenantWishes(
  { of, document }: Config,
  secrets: (name: string) => readonly string[] | undefined,
): readonly TenantWish[] {
  if (document === null) return []
  return Object.entries(of('tenants')).map(([name, value]) => {
    const place = (part: 'key' | 'value' = 'key', ...path: readonly string[]) =>
      document.place(['tenants', name, ...path], part)
    if (!isObject(value) || Object.keys(value).length === 0)
      throw refused(place(), `the tenant ${name} says nothing`, 'write content: and github: { owner, repo } below it')
    const { content, enrich, ...mappings } = value
    if (Object.hasOwn(mappings, 'tenants')) throw refused(place('key', 'tenants'), 'a tenant has no tenants')
    const folder = (key: string, given: Json | undefined): string | null => {
      if (given === undefined || (typeof given === 'string' && given !== '')) return given ?? null
      throw refused(place('value', key), `"${key}" is no folder`)
    }
    const own: Document = {
      ...document,
      value: mappings,
      place: (path, part) => document.place(['tenants', name, ...path], part),
    }
    return {
      name: nameOf(name, document),
      config: configOf(own),
      secrets: (secret) => secrets(`${name}--${secret}`),
      content: folder('content', content),
      enrichDir: folder('enrich', enrich),
    }
  })
}

/** Two hyphens stand between the tenant and the name of a secret. */
function nameOf(name: string, document: Document): TenantId {
  try {
    if (name.includes('--')) throw new Error(`tenant "${name}" must not have two hyphens beside one another`)
    return tenantId(name)
  } catch (error) {
    throw refused(document.place(['tenants', name], 'key'), (error as Error).message)
  }
}
