import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes src/core/detect/attack-techniques.generated.ts from the recorded list of techniques (GITSOC_SHARED_DATA/attack). */
const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const techniques = JSON.parse(readFileSync(join(data, 'attack', 'techniques.json'), 'utf8')) as readonly {
  readonly id: string
  readonly name: string
  readonly tactics: readonly string[]
}[]

const lines = [...techniques]
  .sort((a, b) => (a.id < b.id ? -1 : 1))
  .map(({ id, name, tactics }) => `${id}|${name}|${tactics.join(',')}`)
const text = `// Made by test/tools/generate-attack.ts; not to be edited.

/**
 * Ids, names and tactics of the techniques of MITRE ATT&CK Enterprise v19, by way of MISP galaxy (CC0).
 * (c) 2026 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation
 * (https://attack.mitre.org/resources/legal-and-branding/terms-of-use/).
 */
export const attackTechniques = \`
${lines.join('\n')}
\`
`
writeFileSync(new URL('../../src/core/detect/attack-techniques.generated.ts', import.meta.url), text)
