// The vendors' record shapes, filled with values of the invented organisation example.com.

export type Source = 'okta' | 'aws-cloudtrail' | 'aws-guardduty' | 'wazuh' | 'suricata'

/** One received record: when, from whom, what. A text body is sent as it is. */
export interface Recorded {
  readonly at: number
  readonly source: Source
  readonly body: object | string
}

export const day = Date.UTC(2026, 4, 12)
export const account = '111122223333'
const iso = (at: number) => new Date(at).toISOString()
const offset = (at: number) => `${iso(at).slice(0, -1)}000+0000`
const wazuhTime = (at: number) => `${iso(at).slice(0, -1)}+0000`

/** Epoch milliseconds of a time of day, `08:31:22`. */
export function time(text: string): number {
  const [hour = 0, minute = 0, second = 0] = text.split(':').map(Number)
  return day + ((hour * 60 + minute) * 60 + second) * 1000
}

export function okta(
  at: number,
  id: string,
  eventType: string,
  user: string,
  ip: string,
  result: 'SUCCESS' | 'FAILURE',
  message: string,
  more: object = {},
): Recorded {
  return {
    at: at + 4000,
    source: 'okta',
    body: {
      uuid: `okta-${id}`,
      published: iso(at),
      eventType,
      version: '0',
      severity: result === 'SUCCESS' ? 'INFO' : 'WARN',
      displayMessage: message,
      outcome: { result },
      actor: { id: `00u-${user}`, type: 'User', alternateId: `${user}@example.com`, displayName: user },
      client: { ipAddress: ip, device: 'Computer', userAgent: { os: 'Windows 10', browser: 'CHROME' } },
      authenticationContext: { externalSessionId: `102${id}` },
      ...more,
    },
  }
}

export interface Caller {
  readonly type: string
  readonly arn: string
  readonly userName?: string
  readonly accessKeyId?: string
}

export const personSession: Caller = {
  type: 'AssumedRole',
  arn: `arn:aws:sts::${account}:assumed-role/Finance/user17@example.com`,
  accessKeyId: 'ASIAFINANCE17EXAMPLE',
}
export const backupUser: Caller = {
  type: 'IAMUser',
  arn: `arn:aws:iam::${account}:user/svc-backup`,
  userName: 'svc-backup',
  accessKeyId: 'AKIABACKUP0NEWEXAMPLE',
}
export const roleSession = (role: string, session: string): Caller => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
  accessKeyId: `ASIA${role
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .slice(0, 9)}EXAMPLE`,
})

export function cloudtrail(
  at: number,
  id: string,
  service: string,
  eventName: string,
  caller: Caller,
  ip: string,
  more: object = {},
): Recorded {
  return {
    at: at + 240_000,
    source: 'aws-cloudtrail',
    body: {
      eventVersion: '1.11',
      eventID: `ct-${id}`,
      eventTime: `${iso(at).slice(0, 19)}Z`,
      eventSource: `${service}.amazonaws.com`,
      eventName,
      awsRegion: 'eu-central-1',
      sourceIPAddress: ip,
      userAgent: 'aws-cli/2.17.9',
      recipientAccountId: account,
      eventType: 'AwsApiCall',
      readOnly: /^(Get|List|Describe)/.test(eventName),
      userIdentity: { principalId: `AIDA${id}`.slice(0, 21), accountId: account, ...caller },
      ...more,
    },
  }
}

export function guardduty(
  at: number,
  id: string,
  type: string,
  severity: number,
  title: string,
  detail: { updatedAt?: number; count?: number; archived?: boolean; resource: object; action: object },
): Recorded {
  const updated = detail.updatedAt ?? at
  return {
    at: updated + 60_000,
    source: 'aws-guardduty',
    body: {
      version: '0',
      id: `eb-${id}-${updated}`,
      'detail-type': 'GuardDuty Finding',
      source: 'aws.guardduty',
      account,
      time: iso(updated),
      region: 'eu-central-1',
      detail: {
        schemaVersion: '2.0',
        accountId: account,
        region: 'eu-central-1',
        id,
        arn: `arn:aws:guardduty:eu-central-1:${account}:detector/d1/finding/${id}`,
        type,
        severity,
        title,
        description: `${title}.`,
        createdAt: iso(at),
        updatedAt: iso(updated),
        resource: detail.resource,
        service: {
          serviceName: 'guardduty',
          archived: detail.archived ?? false,
          count: detail.count ?? 1,
          eventFirstSeen: iso(at - 60_000),
          eventLastSeen: iso(updated - 30_000),
          action: detail.action,
        },
      },
    },
  }
}

export function wazuh(
  at: number,
  id: string,
  rule: { id: string; level: number; description: string; mitre?: object; groups?: string[] },
  agent: { id: string; name: string; ip: string },
  data: object,
): Recorded {
  return {
    at: at + 2000,
    source: 'wazuh',
    body: {
      id: `${Math.floor(at / 1000)}.${id}`,
      timestamp: wazuhTime(at),
      rule: { firedtimes: 1, mail: false, ...rule },
      agent,
      manager: { name: 'wazuh-1' },
      decoder: { name: 'json' },
      data,
      location: 'EventChannel',
    },
  }
}

export function suricata(at: number, id: number, eventType: string, src: string, dst: string, more: object): Recorded {
  return {
    at: at + 1000,
    source: 'suricata',
    body: {
      timestamp: offset(at),
      flow_id: 700_000_000 + id,
      in_iface: 'edge1',
      event_type: eventType,
      src_ip: src,
      src_port: 40_000 + (id % 20_000),
      dest_ip: dst,
      dest_port: 443,
      proto: 'TCP',
      host: 'edge-1',
      ...more,
    },
  }
}
