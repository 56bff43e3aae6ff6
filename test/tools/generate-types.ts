import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'

/** Types that are made from a JSON Schema of content: the schema, the file, the name of the type. */
export const generated = [
  ['integrations/integration.schema.json', 'src/core/normalize/manifest.generated.ts', 'IntegrationManifest'],
] as const

/** The text of a generated file. What a schema leaves open is JSON. */
export async function typesOf(schema: string, name: string): Promise<string> {
  const text = await compile(JSON.parse(readFileSync(schema, 'utf8')), name, {
    bannerComment: `// Made from ${schema} by npm run types: change that, not this.\nimport type { Json } from '../model/index.ts'`,
    // The schema's title would give the type another name.
    customName: (one) => (one.title === undefined ? undefined : name),
    style: { singleQuote: true, semi: false, printWidth: 120 },
  })
  return text.replace(/\bunknown\b(?!')/g, 'Json')
}

if (import.meta.main) for (const [schema, file, name] of generated) writeFileSync(file, await typesOf(schema, name))
