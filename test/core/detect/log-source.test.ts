import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePipeline, createMatcher, type SourceMapping } from '../../../src/core/detect/index.ts'
import type { JsonObject, LogSource } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'
import { compiledRule } from './compiled-rule.ts'

function pipeline(text: string): readonly SourceMapping[] {
  const compiled = compilePipeline(documentOf('rules/pipelines/x.yaml', text))
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}

const windows = pipeline(readFileSync('rules/pipelines/windows.yaml', 'utf8'))
const sysmon = (category: string): LogSource => ({ product: 'windows', service: 'sysmon', category })
const key = (EventType: string): JsonObject => ({ EventType })

test.each<[string, LogSource, LogSource, JsonObject, boolean]>([
  ['the creation of a key adds', { category: 'registry_add' }, sysmon('registry_add'), key('CreateKey'), true],
  ['its deletion does not', { category: 'registry_add' }, sysmon('registry_add'), key('DeleteKey'), false],
  ['it deletes', { category: 'registry_delete' }, sysmon('registry_add'), key('DeleteKey'), true],
  ['so does that of a value', { category: 'registry_delete' }, sysmon('registry_add'), key('DeleteValue'), true],
  ['a creation deletes nothing', { category: 'registry_delete' }, sysmon('registry_add'), key('CreateKey'), false],
  ['registry_event is all of them', { category: 'registry_event' }, sysmon('registry_set'), {}, true],
  ['and no other', { category: 'registry_event' }, sysmon('file_event'), {}, false],
  ['what no pipeline lists is what carries the name', { category: 'file_event' }, sysmon('file_event'), {}, true],
  ['a service that the rule names too must be there', { category: 'registry_set' }, sysmon('registry_set'), {}, true],
  ['a rule on all of Windows sees all of it', {}, sysmon('anything'), {}, true],
])('%s', (_name, wanted, given, record, expected) => {
  const matcher = createMatcher([compiledRule({ product: 'windows', ...wanted }, { a: 'x' })], windows)
  expect(matcher.match({ logsource: given, record: { a: 'x', ...record } }).length === 1).toBe(expected)
})

const web = pipeline(`
id: web
title: Web
integration: web
sources:
  - sigma: { category: webserver }
    fields: { cs-method: method }
    events:
      - given: { product: nginx }
        fields: { cs-uri-query: [request, uri] }
      - given: { product: zeek, service: http }
        when: { method|exists: true }
`)

describe('a field', () => {
  const matches = (given: LogSource, selection: JsonObject, record: JsonObject, wanted: LogSource = webserver) =>
    createMatcher([compiledRule(wanted, selection)], web).match({ logsource: given, record }).length === 1
  const webserver: LogSource = { category: 'webserver' }
  const nginx: LogSource = { product: 'nginx' }

  test.each<[string, LogSource, JsonObject, JsonObject, LogSource, boolean]>([
    ['stands under its alias', nginx, { 'cs-method': 'GET' }, { method: 'GET' }, webserver, true],
    [
      'stands under the second when the first is missing',
      nginx,
      { 'cs-uri-query': 'x' },
      { uri: 'x' },
      webserver,
      true,
    ],
    ['goes by the first that is there', nginx, { 'cs-uri-query': 'x' }, { request: 'y', uri: 'x' }, webserver, false],
    [
      'goes by its own name when both are there',
      nginx,
      { 'cs-method': 'GET' },
      { 'cs-method': 'PUT', method: 'GET' },
      webserver,
      false,
    ],
    [
      'goes by its own name even when that is null',
      nginx,
      { 'cs-method': 'GET' },
      { 'cs-method': null, method: 'GET' },
      webserver,
      false,
    ],
    [
      'has no alias of events it is not',
      { product: 'zeek', service: 'http' },
      { 'cs-uri-query': 'x' },
      { uri: 'x', method: 'GET' },
      webserver,
      false,
    ],
    [
      'has no alias under another log source of the same events',
      nginx,
      { 'cs-method': 'GET' },
      { method: 'GET' },
      { product: 'nginx', service: 'error' },
      false,
    ],
    [
      'is not read where the condition does not hold',
      { product: 'zeek', service: 'http' },
      { a: 1 },
      { a: 1 },
      webserver,
      false,
    ],
  ])('%s', (_name, given, selection, record, wanted, expected) => {
    expect(matches(given, selection, record, wanted)).toBe(expected)
  })

  test('of a made-up log source is read by no alias, whatever it is called', () => {
    const word = fc.constantFrom('nginx', 'zeek', 'http', 'webserver', 'web', '', '__proto__', 'NGINX', 'nginx|')
    const given = fc.record({ product: word, category: word, service: word }, { requiredKeys: [] })
    fc.assert(
      fc.property(given, (logsource) => {
        const isNginx = logsource.product === 'nginx'
        expect(matches(logsource, { 'cs-uri-query': 'x' }, { request: 'x' })).toBe(isNginx)
      }),
    )
  })
})

test('a rule that several readings reach matches once', () => {
  const both = pipeline(`
id: both
title: Both
integration: web
sources:
  - sigma: { category: c }
    events:
      - given: { product: p }
      - given: { product: p }
        when: { a: x }
        fields: { b: a }
`)
  const matcher = createMatcher([compiledRule({ category: 'c' }, { a: 'x' })], both)
  expect(matcher.match({ logsource: { product: 'p' }, record: { a: 'x' } })).toHaveLength(1)
})

test('the more exact line counts, and a rule that names more than it must find that too', () => {
  const lines = pipeline(`
id: exact
title: Exact
integration: web
sources:
  - sigma: { category: webserver }
    events: [{ given: { product: nginx } }]
  - sigma: { category: webserver, product: apache }
    events: [{ given: { product: httpd } }]
`)
  const found = (wanted: LogSource, given: LogSource) =>
    createMatcher([compiledRule(wanted, { a: 'x' })], lines).match({ logsource: given, record: { a: 'x' } }).length
  expect(found({ category: 'webserver', product: 'apache' }, { product: 'httpd' })).toBe(1)
  expect(found({ category: 'webserver', product: 'apache' }, { product: 'nginx' })).toBe(0)
  expect(found({ category: 'webserver', service: 'access' }, { product: 'nginx' })).toBe(0)
  expect(found({ category: 'webserver', service: 'access' }, { product: 'nginx', service: 'access' })).toBe(1)
})

test('the same events twice for one log source are a problem with its place', () => {
  const text =
    'id: x\ntitle: X\nintegration: web\nsources:\n  - sigma: { product: a }\n    events:\n      - given: { product: b }\n      - given: { product: b }\n'
  const compiled = compilePipeline(documentOf('rules/pipelines/x.yaml', text))
  expect(compiled.ok ? [] : compiled.problems).toMatchObject([
    { code: 'pipeline/duplicate', place: { line: 8, column: 9 } },
  ])
})

test('a process that event 4688 reports is read under the names of Sysmon', () => {
  const wanted = { product: 'windows', category: 'process_creation' }
  const logsource = { product: 'windows', service: 'security', category: 'process_creation' }
  const matcher = createMatcher([compiledRule(wanted, { 'Image|endswith': '\\certutil.exe' })], windows)
  const [match] = matcher.match({ logsource, record: { NewProcessName: 'C:\\Windows\\certutil.exe' } })
  expect(match?.facts).toEqual([{ name: 'Image|endswith', value: 'C:\\Windows\\certutil.exe' }])
})
