import {
  backupUser,
  cloudtrail,
  guardduty,
  okta,
  personSession,
  type Recorded,
  suricata,
  time,
  wazuh,
} from './shapes.ts'

const attacker = '203.0.113.66'
const workstation = { id: '042', name: 'ws-0142', ip: '10.20.4.42' }
const bastion = { id: '021', name: 'bastion-1', ip: '10.20.1.10' }
const bucket = 'example-finance-exports'

/** The attack as it is told in the README: a phished password becomes a stolen bucket in 48 minutes. */
export function attack(): Recorded[] {
  return [...phishing(), ...takeOver(), ...intoTheCloud(), ...persistence(), ...theft(), ...bruteForce()]
}

/** 08:31 The user opens the page that looks like the company's sign-in; 08:34 the page's download starts a script. */
function phishing(): Recorded[] {
  return [
    suricata(time('08:31:22'), 1, 'alert', attacker, workstation.ip, {
      tls: { sni: 'sso-example.example.net' },
      alert: {
        action: 'allowed',
        gid: 1,
        signature_id: 9_000_101,
        rev: 2,
        signature: 'Credential phishing page in the style of the company sign-in',
        category: 'Phishing',
        severity: 1,
        metadata: { mitre_technique_id: ['T1566.002'], mitre_tactic_name: ['Initial_Access'] },
      },
    }),
    wazuh(
      time('08:34:05'),
      'a1',
      {
        id: '100210',
        level: 12,
        description: 'Browser started a script interpreter',
        groups: ['sysmon', 'sysmon_event1'],
        mitre: { id: ['T1059.007'], tactic: ['Execution'], technique: ['JavaScript'] },
      },
      workstation,
      {
        win: {
          eventdata: {
            user: 'EXAMPLE\\user17',
            image: 'C:\\Windows\\System32\\wscript.exe',
            parentImage: 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
            commandLine: 'wscript.exe "C:\\Users\\user17\\Downloads\\sign-in-help.js"',
          },
        },
      },
    ),
  ]
}

/** 08:41 The password is known; six pushes are denied, the seventh is accepted; 08:46 the attacker enrols a factor. */
function takeOver(): Recorded[] {
  const pushes = [0, 38, 71, 103, 140, 182].map((seconds, index) =>
    okta(
      time('08:41:20') + seconds * 1000,
      `p${index}`,
      'user.mfa.okta_verify.deny_push',
      'user17',
      attacker,
      'FAILURE',
      'User rejected Okta push verify',
    ),
  )
  return [
    okta(
      time('08:41:02'),
      'pw',
      'user.authentication.auth_via_password',
      'user17',
      attacker,
      'SUCCESS',
      'Authentication of user via password',
    ),
    ...pushes,
    okta(
      time('08:44:41'),
      'ok',
      'user.authentication.auth_via_mfa',
      'user17',
      attacker,
      'SUCCESS',
      'Authentication of user via MFA',
    ),
    okta(time('08:44:43'), 'st', 'user.session.start', 'user17', attacker, 'SUCCESS', 'User login to Okta'),
    okta(time('08:46:10'), 'fa', 'user.mfa.factor.activate', 'user17', attacker, 'SUCCESS', 'Activate factor for user'),
  ]
}

/** 08:52 Single sign-on into the cloud account, then a look around. */
function intoTheCloud(): Recorded[] {
  const looks = [
    ['sts', 'GetCallerIdentity'],
    ['iam', 'ListUsers'],
    ['iam', 'ListRoles'],
    ['s3', 'ListBuckets'],
    ['iam', 'GetAccountAuthorizationDetails'],
  ] as const
  return [
    cloudtrail(
      time('08:52:03'),
      'a-saml',
      'sts',
      'AssumeRoleWithSAML',
      { type: 'SAMLUser', arn: '', userName: 'user17@example.com' },
      attacker,
      { responseElements: { credentials: { accessKeyId: personSession.accessKeyId } } },
    ),
    ...looks.map(([service, name], index) =>
      cloudtrail(time('08:52:40') + index * 17_000, `a-look${index}`, service, name, personSession, attacker),
    ),
  ]
}

/** 08:58 A key for the backup user, administrator rights for it, and no more record of it. */
function persistence(): Recorded[] {
  return [
    cloudtrail(time('08:58:12'), 'a-key', 'iam', 'CreateAccessKey', personSession, attacker, {
      requestParameters: { userName: 'svc-backup' },
      responseElements: {
        accessKey: { accessKeyId: backupUser.accessKeyId, userName: 'svc-backup', status: 'Active' },
      },
    }),
    cloudtrail(time('08:59:30'), 'a-adm', 'iam', 'AttachUserPolicy', personSession, attacker, {
      requestParameters: { userName: 'svc-backup', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
    }),
    cloudtrail(time('09:01:05'), 'a-stop', 'cloudtrail', 'StopLogging', { ...backupUser }, attacker, {
      requestParameters: { name: 'org-trail' },
    }),
  ]
}

/** 09:08 The bucket is copied object by object and then opened to everybody. GuardDuty notices, and notices more. */
function theft(): Recorded[] {
  const reads = Array.from({ length: 120 }, (_, index) =>
    cloudtrail(time('09:08:00') + index * 4500, `a-get${index}`, 's3', 'GetObject', backupUser, attacker, {
      requestParameters: { bucketName: bucket, key: `exports/2026/${String(index + 1).padStart(4, '0')}.parquet` },
      additionalEventData: { bytesTransferredOut: 7_340_032 + index },
    }),
  )
  const keyDetails = {
    resourceType: 'AccessKey',
    accessKeyDetails: {
      accessKeyId: backupUser.accessKeyId,
      userName: 'svc-backup',
      userType: 'IAMUser',
      principalId: 'AIDABACKUPEXAMPLE',
    },
  }
  const remote = { remoteIpDetails: { ipAddressV4: attacker, country: { countryName: 'Unknown' } } }
  const caller = (updatedAt: number, severity: number, count: number) =>
    guardduty(
      time('09:05:10'),
      'f-threatlist',
      'UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom',
      severity,
      'API calls from an address on the threat list',
      {
        updatedAt,
        count,
        resource: keyDetails,
        action: {
          actionType: 'AWS_API_CALL',
          awsApiCallAction: { api: 'GetObject', serviceName: 's3.amazonaws.com', ...remote },
        },
      },
    )
  return [
    caller(time('09:05:10'), 5, 1),
    ...reads,
    guardduty(
      time('09:12:20'),
      'f-exfil',
      'Exfiltration:S3/AnomalousBehavior',
      8,
      'Unusual volume of reads from an S3 bucket',
      {
        resource: { ...keyDetails, s3BucketDetails: [{ name: bucket, arn: `arn:aws:s3:::${bucket}` }] },
        action: {
          actionType: 'AWS_API_CALL',
          awsApiCallAction: { api: 'GetObject', serviceName: 's3.amazonaws.com', ...remote },
        },
      },
    ),
    cloudtrail(time('09:16:44'), 'a-open', 's3', 'PutBucketPolicy', backupUser, attacker, {
      requestParameters: {
        bucketName: bucket,
        bucketPolicy: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
          ],
        },
      },
    }),
    caller(time('09:20:00'), 8, 40),
  ]
}

/** 07:10 Somebody else, something else: passwords are guessed at the bastion, without success. */
function bruteForce(): Recorded[] {
  return Array.from({ length: 4 }, (_, index) =>
    wazuh(
      time('07:10:05') + index * 95_000,
      `b${index}`,
      {
        id: '5712',
        level: 10,
        description: 'sshd: brute force trying to get access to the system',
        groups: ['syslog', 'sshd', 'authentication_failures'],
        mitre: { id: ['T1110'], tactic: ['Credential Access'], technique: ['Brute Force'] },
      },
      bastion,
      { srcip: '198.51.100.23', srcport: String(50_000 + index), srcuser: 'admin' },
    ),
  )
}
