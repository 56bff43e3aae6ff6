import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createAjv } from '../../../src/core/content/index.ts'

const schemas = execFileSync('git', ['ls-files', '*.schema.json'], { encoding: 'utf8' }).trim().split('\n')

test('there are schemas for editors', () => {
  expect(schemas.length).toBeGreaterThan(15)
})

test.each(schemas)('%s is a sound schema of draft 2020-12, which nothing checks when it is used', (path) => {
  const schema = JSON.parse(readFileSync(path, 'utf8')) as { $schema?: string }
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  const ajv = createAjv({ strict: true, strictRequired: false, strictTypes: false, allowUnionTypes: true })
  expect([ajv.validateSchema(schema), ajv.errors ?? null]).toEqual([true, null])
})
