import type { Field } from './compare.ts'

/** A difference that was looked at and stays, with the reason. `file` is a part of the file's name. */
export interface Accepted {
  readonly integration: string
  readonly file: string
  readonly field: Field
  readonly reason: string
}

export const accepted: readonly Accepted[] = [
  {
    integration: 'aws-securityhub',
    file: 'Security_Hub_',
    field: 'time',
    reason: 'we take when the activity was last observed, they take when the finding was changed or read',
  },
  {
    integration: 'kubernetes-audit',
    file: 'EKS_Audit',
    field: 'time',
    reason: 'we take when the request was received, they take when its stage was written',
  },
  {
    integration: 'okta',
    file: 'Okta_v1.3.0',
    field: 'time',
    reason: 'their year is not the one in the record',
  },
  {
    integration: 'okta',
    file: 'Okta_v1.3.0',
    field: 'user',
    reason: 'they give the display name; we give the login, by which a user is found again',
  },
  {
    integration: 'okta',
    file: 'okta/inputs/system-log',
    field: 'user',
    reason: 'they take the login apart at the @; ours stays whole, since two domains may have the same name',
  },
  {
    integration: 'zeek',
    file: 'ocsf-examples/Zeek',
    field: 'time',
    reason: 'their time stands nowhere in the record',
  },
  {
    integration: 'windows',
    file: 'microsoft/inputs/eid-1',
    field: 'title',
    reason: 'what Defender reports is telemetry here, which detection rules make alerts of; they call it a finding',
  },
  {
    integration: 'windows',
    file: 'microsoft/inputs/eid-500',
    field: 'title',
    reason: 'a changed setting of Defender is telemetry here; they call it a finding and make up a title',
  },
  {
    integration: 'windows',
    file: 'microsoft/inputs/eid-47',
    field: 'user',
    reason:
      'the member of a group is a distinguished name, and a Kerberos account carries its realm: neither is a login',
  },
  {
    integration: 'suricata',
    file: 'suricata/inputs/alert.json',
    field: 'severity',
    reason: 'the author of the signature says Informational; they read the number of its priority',
  },
  {
    integration: 'suricata',
    file: 'suricata/inputs/',
    field: 'url',
    reason:
      'EVE writes host and path apart, and not whether it was https; we keep the host as a domain, they put a URL together',
  },
]
