import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ObservableType } from '../../src/core/model/index.ts'
import { warninglists } from '../../src/enrich/warninglists.ts'

const data = join(process.env.GITSOC_SHARED_DATA ?? '../shared/data', 'warninglists')
const present = existsSync(data)
if (!present) console.warn(`SKIPPED: no MISP warning lists at ${data} (set GITSOC_SHARED_DATA)`)

test.runIf(present)('the lists that MISP publishes are read, apart from those whose type is refused', async () => {
  const names = (await readdir(data)).filter((name) => name.endsWith('.json')).sort()
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(data, name), 'utf8') })))
  expect(files.length).toBeGreaterThan(100)
  const { provider, problems } = warninglists(files)
  const refused = files.filter((file) => /"type":\s*"(regex|substring)"/.test(file.text)).map((file) => file.name)
  expect(problems.map((one) => one.file)).toEqual(refused)
  for (const one of problems) expect(one.message).toMatch(/^lists of type "(regex|substring)" are not read$/)
  const cases: readonly (readonly [ObservableType, string, boolean])[] = [
    ['ip', '10.1.1.1', true],
    ['ip', 'fe80::1', true],
    ['hash', 'd41d8cd98f00b204e9800998ecf8427e', true],
    ['domain', 'evil.example.net', false],
    ['ip', '45.33.0.1', false],
  ]
  for (const [type, value, known] of cases)
    expect(provider.lookup({ type, value, role: 'related' }) !== null, value).toBe(known)
})
