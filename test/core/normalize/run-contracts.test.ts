import { expect, test } from 'vitest'
import { compileIntegration, runContracts } from '../../../src/core/normalize/index.ts'
import { documentOf } from '../../support/document.ts'

/** The differences that a manifest's only test has, as `path: is`. */
function differences(expected: string, payload = '{ id: a1, level: high, title: Hello, ip: 203.0.113.66 }') {
  const document = documentOf(
    'integrations/made/integration.yaml',
    `id: made
title: Made
docs: https://example.com
inbound:
  - id: finding
    accept: { id|exists: true, level|exists: true }
    drop: { level: none }
    logsource: { product: made, service: finding }
    observables: [{ type: ip, role: attacker, from: ip }]
    alert: { severity: { from: level }, title: { from: title } }
tests:
  - name: one
    payload: ${payload}
    expect: ${expected}
`,
  )
  const compiled = compileIntegration(document)
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('\n'))
  return runContracts([compiled.value]).flatMap((one) => one.differences)
}

test.each([
  '{ kind: event, inbound: finding, count: 1, alert: { severity: high } }',
  '{ observables: ["ip:203.0.113.66"], roles: ["attacker:ip:203.0.113.66"], logsource: { product: made, service: finding } }',
  '{ ocsf: { class_uid: 2004, severity_id: 4, severity: High, observables: [{ type_id: 2, value: 203.0.113.66 }] } }',
])('%s holds', (expected) => {
  expect(differences(expected)).toEqual([])
})

test.each([
  ['{ kind: dropped }', 'kind'],
  ['{ count: 2 }', 'count'],
  ['{ inbound: other }', 'inbound'],
  ['{ alert: null }', 'alert'],
  ['{ alert: { severity: low } }', 'alert.severity'],
  ['{ observables: [] }', 'observables'],
  ['{ observables: ["ip:203.0.113.66", "user:root"] }', 'observables.1'],
  ['{ roles: ["target:ip:203.0.113.66"] }', 'roles.0'],
  ['{ logsource: { product: made } }', 'logsource'],
  ['{ occurredAt: "2026-05-12T08:00:00.000Z" }', 'occurredAt'],
  ['{ code: unparsable }', 'code'],
  ['{ ocsf: { severity_id: 3 } }', 'ocsf.severity_id'],
  ['{ ocsf: { finding_info: { title: Other } } }', 'ocsf.finding_info.title'],
  ['{ ocsf: { observables: [{ type_id: 4, value: 203.0.113.66 }] } }', 'ocsf.observables.0'],
])('%s differs at %s', (expected, path) => {
  expect(differences(expected).map((one) => one.path)).toEqual([path])
})

test('a difference names what was expected, what is, and the place in the manifest', () => {
  expect(differences('{ alert: { severity: low } }')).toMatchObject([
    {
      path: 'alert.severity',
      expected: 'low',
      actual: 'high',
      place: { file: 'integrations/made/integration.yaml', line: 14 },
    },
  ])
})

test('the code of a dead letter and the reason of a drop are compared', () => {
  const refused = '{ id: a1, title: Hello }'
  expect(differences('{ kind: dead, code: unaccepted }', refused)).toEqual([])
  expect(differences('{ kind: dead, code: not-utf8 }', refused).map((one) => one.path)).toEqual(['code'])
  const unwanted = '{ id: a1, level: none }'
  expect(differences('{ kind: dropped, reason: "dropped by the manifest: level" }', unwanted)).toEqual([])
  expect(differences('{ kind: dropped, reason: tired }', unwanted).map((one) => one.path)).toEqual(['reason'])
})
