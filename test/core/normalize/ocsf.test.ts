import { expect, test } from 'vitest'
import { compileSchema } from '../../../src/core/content/index.ts'
import { type Alert, alertId, eventId, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { eventToOcsf, runContracts, toOcsf } from '../../../src/core/normalize/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'
import schema from './ocsf-1.8.0.schema.json' with { type: 'json' }

const check = compileSchema(schema)
const tenant = tenantId('main')
const alert: Alert = {
  id: alertId(tenant, 'okta_rule', 'e1'),
  tenant,
  kind: 'detection',
  source: 'okta',
  rule: { kind: 'detection', id: 'okta_rule', title: 'Factor reset' },
  title: 'Factor reset',
  description: '',
  severity: 4,
  confidence: 70.4,
  occurredAt: 1_778_574_000_000,
  detectedAt: 1_778_574_001_000,
  ingestedAt: 1_778_574_002_000,
  techniques: ['T1078.004', 'T1556'],
  tactics: ['command-and-control'],
  observables: [
    { type: 'ip', role: 'attacker', value: '203.0.113.66' },
    { type: 'ip', role: 'attacker', value: '203.0.113.67' },
    { type: 'user', role: 'target', value: 'user17' },
    { type: 'file', role: 'related', value: 'invoice.js' },
    { type: 'file', role: 'related', value: '/home/user17/invoice.js' },
  ],
  key: 'k',
  updateOf: null,
  eventIds: [eventId(tenant, 'okta', 'e1')],
  url: 'https://example.okta.com/x',
  details: {},
}

/** What an OCSF reader would refuse. */
function faults(event: JsonObject): readonly string[] {
  const checked = check(documentOf('ocsf.json', JSON.stringify(event)))
  return checked.ok ? [] : checked.problems.map((one) => one.message)
}

/** The value that an observable's `name` points to. */
function pointed(event: JsonObject, name: string): unknown {
  return name
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], event)
}

const { integrations } = await ownBundle()
const events = runContracts(integrations).flatMap((one) =>
  one.ocsf.map((event) => [`${one.integration}: ${one.name}`, event] as const),
)

test.each(events)('%s is valid OCSF 1.8.0, and every observable points to its value', (_name, event) => {
  expect(faults(event)).toEqual([])
  for (const one of event.observables as readonly { name: string; value: string }[])
    expect(pointed(event, one.name)).toBe(one.value)
})

test.each([
  ['create', 1, 'Create', true],
  ['update', 2, 'Update', true],
  ['close', 3, 'Close', false],
] as const)('a finding is told as %s', (activity, activity_id, activity_name, is_alert) => {
  const event = toOcsf(alert, activity)
  expect(event).toMatchObject({ activity_id, activity_name, type_uid: 200400 + activity_id, is_alert })
  expect(faults(event)).toEqual([])
})

test.each([0, 1, 2, 3, 4, 5, 6] as const)('severity %i has its caption', (severity) => {
  expect(faults(toOcsf({ ...alert, severity }))).toEqual([])
})

test('a detection names its rule, a sub-technique its technique, a tactic is spelled as ATT&CK does', () => {
  expect(toOcsf(alert)).toMatchObject({
    confidence_score: 70,
    finding_info: {
      uid: alert.id,
      analytic: { uid: 'okta_rule', type_id: 1 },
      attacks: [
        { technique: { uid: 'T1078' }, sub_technique: { uid: 'T1078.004' } },
        { technique: { uid: 'T1556' } },
        { tactic: { name: 'Command and Control' } },
      ],
    },
  })
})

test('the part that a value played stands in the evidence, and a path is told from a name', () => {
  const event = toOcsf(alert)
  expect(event.evidences).toEqual([
    { name: 'attacker', data: { ip: ['203.0.113.66', '203.0.113.67'] } },
    { name: 'target', data: { user: ['user17'] } },
    { name: 'related', data: { file: ['invoice.js', '/home/user17/invoice.js'] } },
  ])
  expect(event.observables).toContainEqual({
    name: 'evidences[2].data.file[1]',
    type_id: 45,
    type: 'File Path',
    value: '/home/user17/invoice.js',
  })
})

test('a wrong caption, an unknown attribute and a missing one would be seen', () => {
  const event = toOcsf(alert)
  const { time: _gone, ...timeless } = event
  for (const broken of [{ ...event, severity: 'high' }, { ...event, extra: 1 }, timeless])
    expect(faults(broken)).not.toEqual([])
})

test('telemetry is a base event that judges nothing', () => {
  const event = eventToOcsf({
    id: eventId(tenant, 'zeek', 'e1'),
    tenant,
    source: 'zeek',
    inbound: 'log',
    seq: 1,
    index: 0,
    occurredAt: 1_778_574_000_000,
    timeNote: 'as-sent',
    receivedAt: 1_778_574_002_000,
    logsource: { product: 'zeek', service: 'conn' },
    observables: alert.observables,
    record: {},
  })
  expect(faults(event)).toEqual([])
  expect(event).toMatchObject({ class_uid: 0, severity: 'Informational', unmapped: { target: { user: ['user17'] } } })
})
