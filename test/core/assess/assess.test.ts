import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assess, compileScoring } from '../../../src/core/assess/index.ts'
import { type Enrichment, type Incident, type SeverityId, tenantId } from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'

const { scoring } = await ownBundle()
const at = Date.UTC(2026, 4, 12, 8)

function incident(more: Partial<Incident> = {}): Incident {
  return {
    tenant: tenantId('main'),
    number: 1,
    title: 'Brute force',
    status: 'new',
    times: {
      occurredAt: at,
      detectedAt: at,
      ingestedAt: at,
      acknowledgedAt: null,
      containedAt: null,
      resolvedAt: null,
    },
    firstAt: at,
    lastAt: at,
    alertCount: 1,
    signalCount: 1,
    maxSeverity: 3,
    sources: ['wazuh'],
    techniques: [],
    tactics: ['credential-access'],
    observables: [],
    decisions: [],
    escalations: [],
    playbooks: [],
    mergedInto: null,
    owner: null,
    milestone: null,
    verdict: null,
    assessment: null,
    enrichments: [],
    ...more,
  }
}

const seen = (verdict: Enrichment['verdict'], sentence = 'known'): Enrichment => ({
  observable: 'ip:203.0.113.66',
  provider: 'indicators',
  verdict,
  sentence,
  data: {},
})

const scoringOf = (points: readonly number[]) => {
  const contributions = points.map(
    (one, index) =>
      `  - { name: c${index}, points: ${one}, reason: because, when: { fact: alertCount, operator: greaterThan, value: 0 } }`,
  )
  const text = ['id: t', 'title: T', 'owner: o', 'contributions:', ...contributions].join('\n')
  const compiled = compileScoring(documentOf('rules/scoring/t.yaml', text))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return [compiled.value]
}

const whole: Partial<Incident> = {
  maxSeverity: 5,
  alertCount: 12,
  signalCount: 140,
  sources: ['aws-cloudtrail', 'okta', 'wazuh'],
  tactics: ['credential-access', 'discovery', 'execution', 'exfiltration', 'initial-access', 'persistence'],
}

test.each<
  [what: string, incident: Partial<Incident>, enrichments: readonly Enrichment[], score: number, severity: string]
>([
  ['one low alert counts for nothing, and never for less', { maxSeverity: 2 }, [], 0, 'LOW'],
  ['one medium alert alone is low', {}, [], 15, 'LOW'],
  ['one high alert alone is medium', { maxSeverity: 4 }, [], 30, 'MEDIUM'],
  ['a second source lifts it', { maxSeverity: 4, alertCount: 2, sources: ['a', 'b'] }, [], 43, 'MEDIUM'],
  [
    'a malicious address makes it high',
    { maxSeverity: 4, alertCount: 2, sources: ['a', 'b'] },
    [seen('malicious')],
    58,
    'HIGH',
  ],
  ['a harmless value lowers it', { maxSeverity: 4 }, [seen('benign')], 20, 'LOW'],
  [
    'a harmless value beside a malicious one does not',
    { maxSeverity: 4 },
    [seen('benign'), seen('malicious')],
    45,
    'MEDIUM',
  ],
  ['a whole attack is critical', whole, [], 92, 'CRITICAL'],
  ['the sum is bounded to 100', whole, [seen('malicious')], 100, 'CRITICAL'],
])('%s', async (_, changed, enrichments, score, severity) => {
  const assessment = await assess(incident(changed), enrichments, scoring)
  expect(assessment).toMatchObject({ score, severity })
})

test.each([
  [24, 'LOW'],
  [25, 'MEDIUM'],
  [49, 'MEDIUM'],
  [50, 'HIGH'],
  [74, 'HIGH'],
  [75, 'CRITICAL'],
])('a score of %i is %s', async (points, severity) => {
  expect((await assess(incident(), [], scoringOf([points]))).severity).toBe(severity)
})

test('the score is the bounded sum of the contributions that are shown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 8 }), async (points) => {
      const { score, contributions } = await assess(incident(), [], scoringOf(points))
      const sum = points.reduce((total, one) => total + one, 0)
      expect(contributions.map((one) => one.points)).toEqual(points)
      expect(score).toBe(Math.max(0, Math.min(100, sum)))
    }),
    { numRuns: 50 },
  )
})

test('every contribution names its rule with file and line, and the facts it saw', async () => {
  const { contributions } = await assess(incident(whole), [seen('malicious')], scoring)
  expect(contributions.length).toBeGreaterThan(4)
  for (const { name, decision } of contributions) {
    expect(decision.rule).toMatchObject({ kind: 'scoring', id: `default/${name}` })
    expect(decision.rule.place?.file).toBe('rules/scoring/default.yaml')
    expect(decision.rule.place?.line).toBeGreaterThan(1)
    expect(decision.facts.length).toBeGreaterThan(0)
  }
})

test('only one grade of alert severity counts', async () => {
  for (const maxSeverity of [0, 1, 2, 3, 4, 5, 6] as const satisfies readonly SeverityId[]) {
    const { contributions } = await assess(incident({ maxSeverity }), [], scoring)
    const grades = contributions.filter((one) => one.name.startsWith('alert-severity'))
    expect(grades).toHaveLength(maxSeverity >= 3 ? 1 : 0)
  }
})

test('text of an attacker in explanation and recommendation stays on its line, short, and turns no text around', async () => {
  const evil = `\u001b[2J\u202e x\r\n# heading\u2028${'A'.repeat(5000)}`
  const { explanation, recommendation } = await assess(
    incident({
      ...whole,
      observables: [
        { type: 'domain', value: evil, role: 'attacker' },
        { type: 'user', value: evil, role: 'target' },
      ],
    }),
    [seen('malicious', evil)],
    scoring,
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  const forbidden = /[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e]/
  expect(explanation).not.toMatch(forbidden)
  expect(recommendation).not.toMatch(forbidden)
  expect(explanation.length).toBeLessThan(1200)
})

test('the explanation tells stages in the order of an attack, who, whom and why', async () => {
  const { explanation, recommendation } = await assess(
    incident({
      ...whole,
      lastAt: at + 50 * 60_000,
      observables: [
        { type: 'ip', value: '203.0.113.66', role: 'attacker' },
        { type: 'user', value: 'user17@example.com', role: 'target' },
      ],
    }),
    [],
    scoring,
  )
  expect(explanation).toBe(
    '140 signals in 12 alerts from aws-cloudtrail, okta, wazuh within 50 minutes. ' +
      'The behaviour spans initial access, execution, persistence, credential access, discovery, exfiltration. ' +
      'Acting: 203.0.113.66. Acted on: user17@example.com. ' +
      'The score of 92 makes it CRITICAL: alert-severity-critical (+45), three-or-more-sources (+15), whole-attack (+15).',
  )
  expect(recommendation).toBe(
    'Stop the data leaving first: cut the access in use; suspend the accounts and end their sessions.',
  )
})

test('one signal is one signal', async () => {
  const { explanation } = await assess(incident({ signalCount: 1, alertCount: 1 }), [], scoring)
  expect(explanation).toMatch(/^1 signal in 1 alert from /)
})

test.each<[what: string, incident: Partial<Incident>, does: RegExp, doesNot: RegExp]>([
  ['passwords are guessed', { techniques: ['T1110.001'] }, /^Block where the guessing comes from/, /suspend/i],
  ['a vendor saw guessing', { techniques: ['T1110'] }, /^Block where/, /suspend/i],
  [
    'accounts are listed besides',
    { techniques: ['T1087', 'T1110.003'], tactics: ['credential-access', 'discovery'] },
    /^Block where/,
    /suspend/i,
  ],
  [
    'a guess worked',
    { techniques: ['T1078', 'T1110.003'], tactics: ['credential-access', 'initial-access'] },
    /^Suspend the accounts/,
    /guessing/,
  ],
  ['credentials were stolen too', { techniques: ['T1110', 'T1555.006'] }, /^Suspend the accounts/, /guessing/],
  ['second factors were refused, so the password is known', { techniques: ['T1621'] }, /^Suspend/, /guessing/],
])('what is done first when %s', async (_, changed, does, doesNot) => {
  const observables = [
    { type: 'ip', value: '198.51.100.23', role: 'attacker' },
    { type: 'user', value: 'admin', role: 'target' },
  ] as const
  const { recommendation } = await assess(incident({ observables, ...changed }), [], scoring)
  expect(recommendation).toMatch(does)
  expect(recommendation).not.toMatch(doesNot)
})
