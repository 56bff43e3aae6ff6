import type { CaseFile, Containment, EffectView, Evidence } from '../../src/cases/index.ts'
import type { Contribution, Decision, RuleRef } from '../../src/core/model/index.ts'
import { madeAlert, madeIncident } from './made.ts'

const at = (clock: string) => Date.parse(`2026-05-12T${clock}Z`)

const rule = (kind: RuleRef['kind'], id: string, file: string, line: number): RuleRef => ({
  kind,
  id,
  title: id,
  place: { file, line, column: 5 },
})

const grouping = rule('grouping', 'same-user', 'rules/grouping/same-user.yaml', 3)
const decision = (ref: RuleRef, answer: string, sentence: string, facts: Decision['facts'] = []): Decision => ({
  answer,
  rule: ref,
  facts,
  sentence,
})

const contribution = (
  name: string,
  points: number,
  line: number,
  fact: string,
  value: string[] | number,
): Contribution => ({
  name,
  points,
  decision: decision(rule('scoring', `base/${name}`, 'rules/scoring/base.yaml', line), 'counted', name, [
    { name: fact, value },
  ]),
})

const effect = (parts: Partial<EffectView>): EffectView => ({
  id: 'ef-1',
  action: 'okta.suspend-user',
  effect: 'destructive',
  target: 'user17@example.com',
  mode: 'simulate',
  outcome: 'done',
  approval: 'ap-1',
  approvedBy: ['lead-2'],
  gate: {},
  intendedAt: at('09:25:10'),
  expiresAt: at('13:25:10'),
  rollback: { action: 'okta.unsuspend-user', inputs: { user: 'user17@example.com' } },
  irreversible: null,
  ...parts,
})

const containment: Containment = {
  effect: 'ef-1',
  incident: 1,
  status: 'closed',
  run: 'run-1',
  path: 'suspend',
  bundle: 'b',
  commit: 'c',
  playbook: 'contain',
  action: 'okta.suspend-user',
  kind: 'destructive',
  target: 'user17@example.com',
  inputs: {},
  mode: 'simulate',
  since: at('09:25:12'),
  until: at('13:25:10'),
  approval: 'ap-1',
  approvedBy: ['lead-2'],
  undo: { action: 'okta.unsuspend-user', inputs: { user: 'user17@example.com' } },
  irreversible: null,
  undoing: null,
}

/** An incident with everything that a report shows. */
export function madeCase(): CaseFile {
  const attacker = { type: 'ip', value: '203.0.113.66', role: 'attacker' } as const
  const user = { type: 'user', value: 'user17@example.com', role: 'target' } as const
  const incident = madeIncident({
    number: 1,
    title: 'Initial access to exfiltration: user17@example.com, ws-0142 (3 alerts from 3 sources)',
    status: 'closed',
    verdict: 'true-positive',
    owner: 'analyst-1',
    times: {
      occurredAt: at('08:31:04'),
      detectedAt: at('08:31:09'),
      ingestedAt: at('08:31:12'),
      acknowledgedAt: at('09:10:00'),
      containedAt: at('09:25:12'),
      resolvedAt: at('15:40:00'),
    },
    firstAt: at('08:31:04'),
    lastAt: at('09:20:00'),
    alertCount: 3,
    signalCount: 47,
    maxSeverity: 5,
    sources: ['aws-guardduty', 'okta', 'suricata'],
    techniques: ['T1078.004', 'T1566.002', 'T1621'],
    tactics: ['credential-access', 'exfiltration', 'initial-access'],
    observables: [
      user,
      attacker,
      { type: 'host', value: 'ws-0142', role: 'target' },
      { type: 'domain', value: 'sso-example.example.net', role: 'related' },
    ],
    decisions: [
      decision(
        { kind: 'built-in', id: 'open', title: 'No open incident shares an entity with the alert' },
        'opened',
        '"Credential phishing page" opened incident 1: no open incident shares an entity with it in the windows of the grouping rules',
      ),
      decision(
        grouping,
        'joined',
        '"MFA pushes until one was accepted" joined incident 1: shares user:user17, 10 min from its last alert (same-user, rules/grouping/same-user.yaml:3:5)',
        [{ name: 'shared', value: 'user:user17' }],
      ),
    ],
    escalations: ['exfiltration-after-takeover'],
    assessment: {
      score: 96,
      severity: 'CRITICAL',
      contributions: [
        contribution('three or more tactics', 20, 7, 'incident.tacticCount', 3),
        contribution('data has left', 40, 12, 'incident.tactics', [
          'credential-access',
          'exfiltration',
          'initial-access',
        ]),
        contribution('known bad value', 36, 18, 'incident.maliciousCount', 1),
      ],
      explanation:
        '47 signals in 3 alerts from aws-guardduty, okta, suricata within 49 minutes. The behaviour spans initial access, credential access, exfiltration. Acting: 203.0.113.66.',
      recommendation:
        'Stop the data leaving first: cut the access in use; suspend the accounts and end their sessions.',
    },
    enrichments: [
      {
        observable: 'ip:203.0.113.66',
        provider: 'indicators',
        verdict: 'malicious',
        sentence: '203.0.113.66 is on the list phishing-kits since 2026-05-01',
        data: { list: 'phishing-kits' },
      },
      {
        observable: 'host:ws-0142',
        provider: 'inventory',
        verdict: 'context',
        sentence: 'ws-0142 is a workstation of finance, criticality medium',
        data: { criticality: 'medium' },
      },
    ],
  })
  return {
    incident,
    alerts: [
      madeAlert({
        id: 'al-phish',
        kind: 'vendor',
        source: 'suricata',
        title: 'Credential phishing page',
        severity: 3,
        count: 1,
        firstAt: at('08:31:04'),
        techniques: ['T1566.002'],
      }),
      madeAlert({ id: 'al-mfa', firstAt: at('08:41:30'), count: 6, techniques: ['T1621'] }),
      madeAlert({
        id: 'al-exfil',
        kind: 'vendor',
        source: 'aws-guardduty',
        title: 'Exfiltration:S3/AnomalousBehavior',
        severity: 5,
        count: 40,
        firstAt: at('09:12:00'),
        techniques: ['T1078.004'],
      }),
    ],
    timeline: [
      { incident: 1, at: at('08:31:04'), kind: 'alert', actor: 'suricata', sentence: 'Credential phishing page' },
      {
        incident: 1,
        at: at('08:41:30'),
        kind: 'decision',
        actor: 'gitsoc',
        sentence:
          '"MFA pushes until one was accepted" joined incident 1: shares user:user17, 10 min from its last alert (same-user, rules/grouping/same-user.yaml:3:5)',
      },
      {
        incident: 1,
        at: at('09:10:00'),
        kind: 'person',
        actor: 'analyst-1',
        sentence: 'acknowledged the incident and took it',
      },
      {
        incident: 1,
        at: at('15:40:00'),
        kind: 'person',
        actor: 'analyst-1',
        sentence: 'set the status to closed as true-positive: keys rotated',
      },
    ],
    tasks: [
      {
        n: 1,
        title: 'Tell the owner of the account',
        origin: 'exfiltration-after-takeover',
        state: 'done',
        doneBy: 'analyst-1',
        doneAt: at('10:00:00'),
      },
      { n: 2, title: 'Review what was exported', origin: 'analyst-1', state: 'open', doneBy: null, doneAt: null },
    ],
    runs: [
      {
        id: 'run-1',
        playbook: 'contain-compromised-identity',
        status: 'completed',
        why: 'severity is CRITICAL and users are among the targets',
        commit: '3f1c9a77d2b04e5f8a6c1d2e3f4a5b6c7d8e9f00',
        startedAt: at('09:20:01'),
        steps: [
          { path: 'suspend', status: 'done', sentence: 'would suspend user17@example.com' },
          { path: 'notify', status: 'done', sentence: 'would tell the service desk' },
        ],
      },
    ],
    effects: [
      effect({}),
      effect({
        id: 'ef-2',
        action: 'email.notify',
        effect: 'notify',
        target: 'service-desk@example.com',
        approval: null,
        approvedBy: [],
        expiresAt: null,
        rollback: null,
        irreversible: 'a message that was sent is read',
      }),
    ],
    containments: [containment],
    approvals: [
      {
        id: 'ap-1',
        action: 'okta.suspend-user',
        target: 'user17@example.com',
        why: 'destructive actions on identities ask the responders',
        status: 'approved',
        roles: ['responder'],
        quorum: 1,
        also: [],
        askedAt: at('09:20:02'),
        expiresAt: at('10:20:02'),
        answers: [{ actor: 'lead-2', answer: 'approve', reason: 'confirmed by phone', at: at('09:25:00') }],
      },
      {
        id: 'ap-3',
        action: 'edge-firewall.block-ip',
        target: '203.0.113.66',
        why: 'destructive actions on the network ask two responders',
        status: 'pending',
        roles: ['responder', 'network'],
        quorum: 2,
        also: [],
        askedAt: at('09:20:03'),
        expiresAt: at('10:20:03'),
        answers: [],
      },
    ],
    events: [],
  }
}

/** The index of evidence that goes with {@link madeCase}. */
export function madeEvidence(): readonly Evidence[] {
  return [
    ['ev-1', 'al-phish', 17, 'suricata'],
    ['ev-2', 'al-mfa', 23, 'okta'],
  ].map(([event, alert, seq, source]) => ({
    event: String(event),
    alert: String(alert),
    seq: Number(seq),
    index: 0,
    source: String(source),
    receivedAt: at('08:31:12'),
    sha256: 'a'.repeat(64),
  }))
}

/** The case with every text in it replaced: strings that the machine itself chose (kinds, modes, statuses) stay. */
export function withEveryText(text: string): CaseFile {
  const keep = new Set([
    'status',
    'kind',
    'state',
    'type',
    'role',
    'verdict',
    'mode',
    'outcome',
    'effect',
    'severity',
    'tenant',
  ])
  const replace = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return keep.has(key) ? value : text
    if (Array.isArray(value)) return value.map((one) => replace(one, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replace(member, name)]))
  }
  return replace(madeCase()) as CaseFile
}
