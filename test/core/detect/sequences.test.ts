import { expect, test } from 'vitest'
import { createSigmaState } from '../../../src/core/detect/index.ts'
import { eventId, type JsonObject, type LogSource, tenantId } from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'

const { matcher, correlator } = await ownBundle()

/** The titles of the correlations that alert on records which come a second apart. */
function alertsOn(logsource: LogSource, records: readonly JsonObject[]): readonly string[] {
  const state = createSigmaState()
  const tenant = tenantId('main')
  const titles = records.flatMap((record, seq) => {
    const occurredAt = Date.UTC(2026, 4, 12, 8) + seq * 1000
    const event = {
      ...{ id: eventId(tenant, 'test', String(seq)), tenant, source: 'test', inbound: 'test', seq, index: 0 },
      ...{ occurredAt, timeNote: 'as-sent' as const, receivedAt: occurredAt, logsource, observables: [], record },
    }
    return correlator.observe(state, event, matcher.match(event)).map((hit) => hit.rule.title)
  })
  return [...new Set(titles)]
}

const times = (count: number, make: (index: number) => JsonObject) => Array.from({ length: count }, (_, n) => make(n))
const windows = { product: 'windows', service: 'security' }
const entra = { product: 'azure', service: 'signinlogs' }
const logon = (user: string, ok: boolean) =>
  ok
    ? { EventID: 4624, LogonType: 3, TargetUserName: user, IpAddress: '10.20.4.42' }
    : { EventID: 4625, LogonType: 3, TargetUserName: user, IpAddress: '10.20.4.42', SubStatus: '0xc000006a' }
const signIn = (user: string, resultType: string) => ({
  resultType,
  callerIpAddress: '203.0.113.66',
  properties: { userPrincipalName: user },
})
const session = (user: string, result: string) => ({
  eventType: 'user.session.start',
  outcome: { result, reason: 'INVALID_CREDENTIALS' },
  actor: { alternateId: user },
  client: { ipAddress: '203.0.113.66' },
})
const command = {
  eventSource: 'ssm.amazonaws.com',
  eventName: 'SendCommand',
  sourceIPAddress: '203.0.113.66',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/svc-backup' },
  requestParameters: { documentName: 'AWS-RunShellScript' },
}
const roleCall = (sourceIPAddress: string) => ({
  eventSource: 'sts.amazonaws.com',
  eventName: 'GetCallerIdentity',
  sourceIPAddress,
  userIdentity: { type: 'AssumedRole', accessKeyId: 'ASIA', sessionContext: { ec2RoleDelivery: '2.0' } },
})
const aws = { product: 'aws', service: 'cloudtrail' }

test.each<readonly [string, LogSource, readonly JsonObject[], string, readonly JsonObject[]]>([
  [
    'a command on an instance, then its role from the same address',
    aws,
    [command, roleCall('203.0.113.66')],
    'Whoever ran a command on an instance now uses its role from the same address',
    [command, roleCall('198.51.100.7')],
  ],
  [
    'a guessed password that worked',
    windows,
    [...times(20, () => logon('user17', false)), logon('user17', true)],
    'A guessed password of Windows worked',
    [...times(20, () => logon('user17', false)), logon('user18', true)],
  ],
  [
    'a sprayed password that worked',
    windows,
    [...times(10, (n) => logon(`user${n}`, false)), logon('user3', true)],
    'An address that tries many accounts got into one',
    [logon('user3', true), ...times(10, (n) => logon(`user${n}`, false))],
  ],
  [
    'a sprayed password of Entra ID that worked',
    entra,
    [...times(10, (n) => signIn(`user${n}`, '50126')), signIn('user3', '0')],
    'An address that tries many accounts of Entra ID got into one',
    [...times(9, (n) => signIn(`user${n}`, '50126')), signIn('user3', '0')],
  ],
  [
    'second factors refused until one is not',
    entra,
    [...times(5, () => signIn('user17', '500121')), signIn('user17', '0')],
    'A user of Entra ID gave in to requests for the second factor',
    [...times(5, () => signIn('user17', '500121')), signIn('user18', '0')],
  ],
  [
    'a sprayed password of Okta that worked',
    { product: 'okta', service: 'okta' },
    [...times(10, (n) => session(`user${n}`, 'FAILURE')), session('user3', 'SUCCESS')],
    'An address that tries many accounts of Okta got into one',
    [...times(10, (n) => session(`user${n}`, 'FAILURE'))],
  ],
  [
    'much data to one address',
    { product: 'zeek', service: 'conn' },
    times(5, () => ({ 'id.orig_h': '10.20.4.42', 'id.resp_h': '203.0.113.66', orig_bytes: 1_000_000_000 })),
    'One machine sent much data to one address outside',
    times(5, (n) => ({ 'id.orig_h': '10.20.4.42', 'id.resp_h': `203.0.113.${n}`, orig_bytes: 1_000_000_000 })),
  ],
])('%s', (_name, logsource, attack, title, innocent) => {
  expect(alertsOn(logsource, attack)).toContain(title)
  expect(alertsOn(logsource, innocent)).not.toContain(title)
})
