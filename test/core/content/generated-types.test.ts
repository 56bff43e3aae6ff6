import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generated, typesOf } from '../../tools/generate-types.ts'

test.each(generated)('the types of %s are those in %s (npm run types)', async (schema, file, name) => {
  expect(readFileSync(file, 'utf8')).toBe(await typesOf(schema, name))
})
