import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockedOptions } from '../../src/preview/locked-process.ts'

test('a locked child can read every schema that core imports, and no other file of content', () => {
  const files = (readdirSync('src/core', { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'))
  const imported = files.flatMap((file) =>
    [...readFileSync(join('src/core', file), 'utf8').matchAll(/from '(?:\.\.\/)+([^']+\.schema\.json)'/g)].map(
      (one) => one[1],
    ),
  )
  const readable = lockedOptions([], 100).flatMap(
    (one) => /\/((?:rules|playbooks|integrations)\/.*)$/.exec(one)?.[1] ?? [],
  )
  expect(readable.toSorted()).toEqual([...new Set(imported)].sort())
})
