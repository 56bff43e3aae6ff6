import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadRules } from '../../../src/cli/load-rules.ts'
import { compileBundle, coverSources } from '../../../src/core/content/index.ts'
import { createMatcher } from '../../../src/core/detect/index.ts'
import { type Json, type JsonObject, type LogSource, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer } from '../../../src/core/normalize/index.ts'
import { readWorkingTree } from '../../../src/repo/index.ts'
import { ownBundle } from '../../support/content.ts'
import { compiledRule } from './compiled-rule.ts'

const bundle = await ownBundle()
const normalizer = createNormalizer(bundle.integrations, tenantId('main'))

interface Example {
  readonly name: string
  readonly payload: Json
  readonly logsource: LogSource
  readonly selection: JsonObject
}
const examples = JSON.parse(readFileSync(join(import.meta.dirname, 'cases', 'pipelines.json'), 'utf8')) as Example[]

const eventsOf = (payload: Json) =>
  normalizer
    .normalize({
      ...{ seq: 1, source: null, transport: 'file', contentType: null, receivedAt: Date.parse('2026-06-01') },
      body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    })
    .flatMap((one) => (one.kind === 'event' ? [one.event] : []))

test.each(examples)('$name: Sigma reads it under its own names', ({ payload, logsource, selection }) => {
  const fires = (wanted: JsonObject) => {
    const matcher = createMatcher([compiledRule(logsource, wanted)], bundle.mappings)
    return eventsOf(payload).some((event) => matcher.match(event).length > 0)
  }
  expect(fires(selection)).toBe(true)
  for (const [name, value] of Object.entries(selection))
    expect(fires({ ...selection, [name]: `not ${value}` })).toBe(false)
})

test('every line of a pipeline has events that an integration gives', () => {
  const named = bundle.mappings.map((one) => ({ logsource: one.sigma }))
  expect(coverSources(named, bundle).filter((one) => one.integrations.length === 0)).toEqual([])
})

test.each([
  ['no integration of that name is a warning', 'windows', 'windwos', 'pipeline/no-integration', 'warning', true],
  [
    'events that it cannot give are an error',
    '{ product: windows, service: rpcfw }',
    '{ product: windows, service: rcpfw }',
    'pipeline/no-events',
    'error',
    false,
  ],
])('%s', async (_name, from, to, code, severity, loads) => {
  const { files } = await readWorkingTree(process.cwd())
  const path = 'rules/pipelines/windows.yaml'
  const changed = files.map((file) =>
    file.path === path
      ? {
          path,
          text:
            from === 'windows'
              ? file.text.replace('integration: windows', `integration: ${to}`)
              : file.text.replace(from, to),
        }
      : file,
  )
  const { bundle: compiled, problems } = compileBundle(changed, 'worktree')
  expect(problems[0]).toMatchObject({ code, severity, place: { file: path } })
  expect(problems[0]?.place?.line).toBeGreaterThan(8)
  expect(compiled !== null).toBe(loads)
})

const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const corpus = join(data, 'sigma-rules')
if (!existsSync(corpus)) console.warn(`SKIPPED: no SigmaHQ rules at ${data} (set GITSOC_SHARED_DATA)`)

test.skipIf(!existsSync(corpus))(
  'every log source of SigmaHQ has a source or stands in the table without one and with the reason',
  async () => {
    const { set } = await loadRules([corpus])
    const coverage = coverSources(set.detections, bundle)
    const page = readFileSync('rules/pipelines/README.md', 'utf8')
    for (const { logsource, ruleCount, integrations } of coverage) {
      const words = Object.entries(logsource).map(([member, value]) => `${member}: ${value}`)
      const source = integrations.length === 0 ? 'no source' : integrations.join(', ')
      expect(page).toContain(`| ${ruleCount} | ${words.join(', ')} | ${source} |`)
    }
    const missing = coverage.filter((one) => one.integrations.length === 0)
    expect(missing.reduce((sum, one) => sum + one.ruleCount, 0)).toBeLessThanOrEqual(16)
    const reasons =
      /\nWithout a source, and why:\n\n\| log source \| why \|\n\| --- \| --- \|\n(.*)$/s.exec(page)?.[1] ?? ''
    const wordsOf = (one: LogSource) => Object.entries(one).map(([member, value]) => `${member}: ${value}`)
    expect(
      reasons
        .trim()
        .split('\n')
        .map((line) => line.split(' | ')[0])
        .sort(),
    ).toEqual(missing.map(({ logsource }) => `| ${wordsOf(logsource).join(', ')}`).sort())
  },
)
