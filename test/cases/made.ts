import type { AlertGroup, AlertId, Incident, TenantId } from '../../src/core/model/index.ts'

/** A small stored alert; every part can be replaced. */
export function madeAlert(parts: Partial<Omit<AlertGroup, 'id'>> & { id?: string } = {}): AlertGroup {
  const { id = 'al-1', ...rest } = parts
  return {
    id: id as AlertId,
    incident: 1,
    source: 'okta',
    kind: 'detection',
    ruleId: 'okta-mfa-fatigue',
    title: 'MFA pushes until one was accepted',
    severity: 4,
    key: `key-${id}`,
    firstAt: 1000,
    lastAt: 2000,
    count: 2,
    techniques: ['T1621'],
    tactics: ['credential-access'],
    observables: [{ type: 'user', value: 'user17@example.com', role: 'target' }],
    ...rest,
  }
}

/** A small incident; every part can be replaced. */
export function madeIncident(parts: Partial<Incident> = {}): Incident {
  return {
    tenant: 'main' as TenantId,
    number: 1,
    title: 'Credential access: user17@example.com',
    status: 'new',
    times: {
      occurredAt: 1000,
      detectedAt: 1500,
      ingestedAt: 1600,
      acknowledgedAt: null,
      containedAt: null,
      resolvedAt: null,
    },
    firstAt: 1000,
    lastAt: 2000,
    alertCount: 1,
    signalCount: 2,
    maxSeverity: 4,
    sources: ['okta'],
    techniques: ['T1621'],
    tactics: ['credential-access'],
    observables: [{ type: 'user', value: 'user17@example.com', role: 'target' }],
    decisions: [],
    escalations: [],
    playbooks: [],
    mergedInto: null,
    owner: null,
    milestone: null,
    verdict: null,
    assessment: null,
    enrichments: [],
    ...parts,
  }
}
