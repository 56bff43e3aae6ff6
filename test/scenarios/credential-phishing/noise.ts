import {
  cloudtrail,
  guardduty,
  okta,
  personSession,
  type Recorded,
  roleSession,
  suricata,
  time,
  wazuh,
} from './shapes.ts'

/** A small seeded generator (mulberry32): the same seed gives the same day. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** An ordinary working day of sixty people and a dozen machines, about `count` events, and the oddities of any feed. */
export function noise(count: number): Recorded[] {
  const random = generator(20260512)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const people = Array.from({ length: 60 }, (_, index) => index + 1).filter((n) => n !== 17)
  const office = (n: number) => `10.20.${4 + (n % 3)}.${20 + n}`
  const host = (n: number) => ({
    id: String(n).padStart(3, '0'),
    name: `ws-${String(100 + n).padStart(4, '0')}`,
    ip: office(n),
  })
  const working = () => time('06:30:00') + Math.floor((random() + random()) * 0.5 * 5.5 * 3_600_000)
  const events: Recorded[] = []

  for (let index = 0; index < count * 0.18; index++) {
    const n = pick(people)
    const at = working()
    const [type, message] = pick([
      ['user.session.start', 'User login to Okta'],
      ['user.authentication.sso', 'User single sign on to app'],
      ['user.authentication.auth_via_mfa', 'Authentication of user via MFA'],
      ['user.session.end', 'User logout from Okta'],
      ['policy.evaluate_sign_on', 'Evaluation of sign-on policy'],
    ] as const)
    events.push(okta(at, `n${index}`, type, `user${n}`, office(n), 'SUCCESS', message))
    if (random() < 0.02)
      events.push(
        okta(
          at - 30_000,
          `d${index}`,
          'user.mfa.okta_verify.deny_push',
          `user${n}`,
          office(n),
          'FAILURE',
          'User rejected Okta push verify',
        ),
      )
  }

  const machines = [
    roleSession('ci-deploy', 'pipeline'),
    roleSession('monitoring', 'scraper'),
    roleSession('security-audit', 'scan'),
    roleSession('data-lake', 'loader'),
    roleSession('autoscaler', 'group'),
  ]
  const calls = [
    ['ec2', 'DescribeInstances'],
    ['s3', 'GetObject'],
    ['s3', 'PutObject'],
    ['s3', 'ListObjectsV2'],
    ['sts', 'AssumeRole'],
    ['logs', 'DescribeLogGroups'],
    ['ecs', 'DescribeTasks'],
    ['kms', 'Decrypt'],
    ['iam', 'ListRoles'],
    ['cloudtrail', 'DescribeTrails'],
  ] as const
  for (let index = 0; index < count * 0.36; index++) {
    const [service, name] = pick(calls)
    events.push(
      cloudtrail(
        working(),
        `n${index}`,
        service,
        name,
        pick(machines),
        `10.30.${Math.floor(random() * 4)}.${10 + Math.floor(random() * 200)}`,
        {
          requestParameters:
            service === 's3'
              ? { bucketName: pick(['example-data-lake', 'example-builds', 'example-logs']), key: `k/${index}` }
              : null,
        },
      ),
    )
  }
  for (const n of [3, 9, 22, 41])
    events.push(
      cloudtrail(
        working(),
        `p${n}`,
        's3',
        'ListBuckets',
        { ...personSession, arn: personSession.arn.replace('user17', `user${n}`) },
        office(n),
      ),
    )

  const sites = [
    'www.example.com',
    'docs.example.com',
    'mail.example.org',
    'cdn.example.net',
    'packages.example.org',
    'status.example.net',
  ]
  for (let index = 0; index < count * 0.3; index++) {
    const n = pick(people)
    const type = pick(['flow', 'dns', 'tls', 'http'] as const)
    const site = pick(sites)
    const detail = {
      flow: {
        flow: { pkts_toserver: 12, pkts_toclient: 14, bytes_toserver: 1800, bytes_toclient: 22_000, state: 'closed' },
      },
      dns: { dns: { type: 'query', rrname: site, rrtype: 'A' } },
      tls: { tls: { sni: site, version: 'TLS 1.3' } },
      http: { http: { hostname: site, url: '/', http_method: 'GET', status: 200 } },
    }[type]
    events.push(suricata(working(), 100 + index, type, office(n), `192.0.2.${1 + Math.floor(random() * 200)}`, detail))
  }
  for (let index = 0; index < 24; index++) {
    const n = pick(people)
    events.push(
      suricata(working(), 9000 + index, 'alert', office(n), `192.0.2.${1 + Math.floor(random() * 200)}`, {
        alert: {
          action: 'allowed',
          gid: 1,
          signature_id: 9_000_300,
          rev: 1,
          signature: 'Software update check over plain HTTP',
          category: 'Not Suspicious Traffic',
          severity: 3,
        },
      }),
    )
  }
  // The weekly vulnerability scan: loud, wanted, and suppressed by rule.
  for (let index = 0; index < 60; index++) {
    events.push(
      suricata(time('07:40:00') + index * 9000, 9500 + index, 'alert', '10.20.9.9', `10.20.1.${10 + index}`, {
        alert: {
          action: 'allowed',
          gid: 1,
          signature_id: 9_000_400 + (index % 5),
          rev: 1,
          signature: 'Probe for a known web application weakness',
          category: 'Web Application Attack',
          severity: 1,
        },
      }),
    )
  }

  for (let index = 0; index < count * 0.13; index++) {
    const n = pick(people)
    const [id, description] = pick([
      ['5501', 'PAM: Login session opened.'],
      ['5502', 'PAM: Login session closed.'],
      ['60106', 'Windows Logon Success'],
      ['60137', 'Windows User Logoff'],
    ] as const)
    events.push(
      wazuh(working(), `n${index}`, { id, level: 3, description, groups: ['authentication_success'] }, host(n), {
        dstuser: `user${n}`,
      }),
    )
  }

  const oldFinding = guardduty(
    time('06:50:00'),
    'f-archived',
    'Recon:EC2/Portscan',
    5,
    'Outbound port scan of an instance',
    {
      archived: true,
      resource: { instanceDetails: { instanceId: 'i-0123example' } },
      action: { actionType: 'NETWORK_CONNECTION' },
    },
  )
  const truncated: Recorded = {
    at: time('08:05:00'),
    source: 'wazuh',
    body: '{"id":"1778573100.cut","timestamp":"2026-05-12T08:05:00.000+0000","rule":{"id":"5501","lev',
  }
  const redelivered = events.filter((_, index) => index % 61 === 0).map((one) => ({ ...one, at: one.at + 45_000 }))
  return [...events, oldFinding, truncated, ...redelivered]
}
