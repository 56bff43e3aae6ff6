import { eventId, tenantId } from '../../src/core/model/index.ts'

const tenant = tenantId('main')
const base = Date.UTC(2026, 4, 12)

/** A CloudTrail record of ordinary size that no rule fires on. */
export function quietRecord(n: number): string {
  return JSON.stringify({
    eventVersion: '1.11',
    eventID: eventId(tenant, 'bench', String(n)),
    eventTime: `${new Date(base + n * 100).toISOString().slice(0, 19)}Z`,
    eventSource: 's3.amazonaws.com',
    eventName: n % 3 === 0 ? 'GetObject' : n % 3 === 1 ? 'PutObject' : 'ListObjectsV2',
    awsRegion: 'eu-central-1',
    sourceIPAddress: `10.30.${n % 4}.${10 + (n % 200)}`,
    userAgent: 'aws-sdk-java/2.25.11 Linux/5.10 OpenJDK_64-Bit_Server_VM',
    requestParameters: {
      bucketName: 'example-data-lake',
      key: `raw/2026/05/12/part-${n}.parquet`,
      Host: 's3.eu-central-1.amazonaws.com',
    },
    responseElements: null,
    additionalEventData: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: 0,
      bytesTransferredOut: 1_048_576,
    },
    requestID: `R${n}`,
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: false,
    recipientAccountId: '111122223333',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:loader',
      arn: 'arn:aws:sts::111122223333:assumed-role/data-lake/loader',
      accountId: '111122223333',
      accessKeyId: 'ASIADATALAKEEXAMPLE',
    },
  })
}

/**
 * A Wazuh alert of level 10 on one of `hosts` machines by one of `attackers` addresses: it raises or extends an alert and
 * an incident.
 */
export function alertRecord(n: number, hosts: number, stepMs = 500, attackers = 250): string {
  const host = n % hosts
  return JSON.stringify({
    id: `bench.${n}`,
    timestamp: new Date(base + n * stepMs).toISOString().replace('Z', '+0000'),
    rule: {
      id: String(5700 + (n % 7)),
      level: 10,
      description: `Suspicious behaviour of kind ${n % 7}`,
      groups: ['bench'],
      mitre: { id: ['T1110'], tactic: ['Credential Access'] },
    },
    agent: {
      id: String(host),
      name: `srv-${host}`,
      ip: `10.${Math.floor(host / 62_500) % 250}.${Math.floor(host / 250) % 250}.${(host % 250) + 1}`,
    },
    data: { srcip: addressOf(n % attackers), srcuser: `user${host}` },
    location: '/var/log/auth.log',
  })
}

const addressOf = (n: number) => (n < 250 ? `198.51.100.${n}` : `203.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`)
